import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { insistent, onSignedOut } from "../src/api/client";
import { Problem } from "../src/api/problem";

type Answer = readonly [status: number, headers: Record<string, string>];

/** Serve these answers, one a request, for as long as *use* takes; how many were asked for is returned. */
async function asked(answers: readonly Answer[], use: (address: string) => Promise<void>): Promise<number> {
  let n = 0;
  const server = createServer((_, response) => {
    const [status, headers] = answers[Math.min(n++, answers.length - 1)]!;
    response.writeHead(status, headers).end('{"detail":"told"}');
  });
  await new Promise<void>(ready => server.listen(0, "127.0.0.1", ready));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise(closed => server.close(closed));
  }
  return n;
}

const BUSY: Answer = [503, { "Retry-After": "0" }];
const FINE: Answer = [200, {}];

test("a read is tried again when the server says when", async () => {
  const n = await asked([BUSY, FINE], async at => {
    assert.equal((await insistent(new Request(at))).status, 200);
  });
  assert.equal(n, 2);
});

test("a write is never sent twice", async () => {
  const n = await asked([BUSY, FINE], async at => {
    await assert.rejects(insistent(new Request(at, { method: "POST" })), Problem);
  });
  assert.equal(n, 1);
});

test("a long wait is told instead of waited for", async () => {
  const n = await asked([[429, { "Retry-After": "3600" }]], async at => {
    await assert.rejects(insistent(new Request(at)), { status: 429, retryAfter: 3600, detail: "told" });
  });
  assert.equal(n, 1);
});

test("tries end", async () => {
  const n = await asked([BUSY], async at => {
    await assert.rejects(insistent(new Request(at)), { status: 503 });
  });
  assert.equal(n, 3);
});

test("whoever is no longer signed in is told", async () => {
  let told = 0;
  onSignedOut(() => {
    told += 1;
  });
  await asked([[401, {}]], at => assert.rejects(insistent(new Request(at)), { status: 401 }));
  assert.equal(told, 1);
});
