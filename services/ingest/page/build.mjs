// Build the page into a folder: `node build.mjs [folder]`. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const COMMITTED = join(here, "../src/ingest/page/static");
const PREFIX = "/static/";

/** What esbuild is told, here and by the dev server. */
export const options = {
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none", // the licences are in NOTICE.txt, whole
  loader: { ".css": "css" },
  charset: "utf8",
};

async function emptied(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

async function bundled(folder) {
  const { metafile } = await build({
    ...options,
    minify: true,
    metafile: true,
    entryNames: "[name]-[hash]",
    outdir: folder,
  });
  return metafile;
}

/** The packages of which something is in the bundle. */
export function packagesOf(metafile) {
  const names = Object.keys(metafile.inputs).map(
    path => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1],
  );
  return [...new Set(names.filter(Boolean))].sort();
}

async function noticeOf(name) {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find(each => /^licen[cs]e/i.test(each));
  const text = file ? await readFile(join(folder, file), "utf8") : `Licensed under ${license}.`;
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

async function notice(metafile) {
  const notices = await Promise.all(packagesOf(metafile).map(noticeOf));
  return `The page holds parts of these packages.\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`;
}

async function html(outputs) {
  const template = await readFile(join(here, "src/index.html"), "utf8");
  const named = extension => PREFIX + outputs.find(each => each.endsWith(extension));
  return template.replace("{{style}}", named(".css")).replace("{{script}}", named(".js"));
}

async function sums(folder) {
  const names = (await readdir(folder)).sort();
  const lines = names.map(async name => {
    const sum = createHash("sha256").update(await readFile(join(folder, name)));
    return `${sum.digest("hex")}  ${name}\n`;
  });
  return (await Promise.all(lines)).join("");
}

/** Write the whole page into the folder, and nothing else. */
export async function built(folder) {
  await emptied(folder);
  const metafile = await bundled(folder);
  const outputs = Object.keys(metafile.outputs).map(path => relative(folder, resolve(here, path)));
  await writeFile(join(folder, "index.html"), await html(outputs));
  await writeFile(join(folder, "favicon.svg"), await readFile(join(here, "src/favicon.svg")));
  await writeFile(join(folder, "NOTICE.txt"), await notice(metafile));
  await writeFile(join(folder, "SHA256SUMS"), await sums(folder));
  return metafile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const metafile = await built(resolve(process.argv[2] ?? COMMITTED));
  for (const [path, { bytes }] of Object.entries(metafile.outputs))
    console.log(bytes, path.split("/").at(-1));
}
