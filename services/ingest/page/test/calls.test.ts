import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallRow } from "../src/api/schema";
import { askedFor, chosenIn, narrowed, pathOf } from "../src/calls/asked";
import { followed } from "../src/calls/followed";

const NOTHING = { status: "", from: "", to: "", cursor: "" };

test("an address says what is asked for, and what is asked for makes the same address", () => {
  const path = "/?status=failed&from=2026-11-01&to=2026-11-23&cursor=abc";
  const chosen = chosenIn(path.slice(2));
  assert.deepEqual(chosen, { status: "failed", from: "2026-11-01", to: "2026-11-23", cursor: "abc" });
  assert.equal(pathOf(chosen), path);
  assert.equal(pathOf(NOTHING), "/");
});

test("what an address says wrongly is as if it said nothing", () => {
  assert.deepEqual(chosenIn("status=asleep&from=yesterday&to=2026-13-45"), NOTHING);
  assert.equal(narrowed(NOTHING), false);
});

test("days are the reader's own, and the last one is meant whole", () => {
  const asked = askedFor({ ...NOTHING, from: "2026-11-01", to: "2026-11-30" });
  assert.equal(asked.since, new Date(2026, 10, 1).toISOString());
  assert.equal(asked.until, new Date(2026, 11, 1).toISOString());
});

test("only the first few calls that are on their way are followed", () => {
  const rows = ["completed", "uploaded", "failed", "analyzing", "embedding", "analyzed"].map(
    (status, n) => ({ call_id: `c-${n}`, status }) as CallRow,
  );
  assert.deepEqual([...followed(rows, 3)], ["c-1", "c-3", "c-4"]);
});
