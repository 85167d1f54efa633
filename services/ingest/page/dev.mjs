// Serve the page with its sources rebuilt at each load, the API behind it: `API=http://127.0.0.1:8000 node dev.mjs`.

import { mkdtemp, readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { built } from "./build.mjs";

const api = new URL(process.env.API ?? "http://127.0.0.1:8000");
const port = Number(process.env.PORT ?? 5173);
const folder = await mkdtemp(join(tmpdir(), "page-"));
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html" };
const POLICY =
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none';` +
  ` connect-src 'self' http://127.0.0.1:*; media-src 'self' http://127.0.0.1:*; form-action 'self';` +
  ` frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default`;

let building = Promise.resolve();

/** One build at a time: each empties the folder. */
function rebuilt() {
  building = building.catch(() => {}).then(() => built(folder));
  return building;
}

function pass(incoming, outgoing) {
  const to = { host: api.hostname, port: api.port, path: incoming.url, method: incoming.method };
  const onward = request({ ...to, headers: { ...incoming.headers, host: api.host } }, answer => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.writeHead(502).end());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

async function page(incoming, outgoing) {
  const path = new URL(incoming.url, api).pathname;
  const name = path.startsWith("/static/") ? path.slice("/static/".length) : "index.html";
  if (name === "index.html") await rebuilt();
  const headers = {
    "Content-Type": `${TYPES[extname(name)]}; charset=utf-8`,
    "Content-Security-Policy": POLICY,
  };
  outgoing.writeHead(200, headers).end(await readFile(join(folder, name)));
}

createServer((incoming, outgoing) => {
  if (incoming.url.startsWith("/api/")) return pass(incoming, outgoing);
  page(incoming, outgoing).catch(error => outgoing.writeHead(500).end(String(error)));
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
