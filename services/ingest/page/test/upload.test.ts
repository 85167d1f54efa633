import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../src/api/problem";
import { metadataOf } from "../src/upload/metadata";
import { pauseBefore } from "../src/upload/parts";

test("a part that broke off is tried again, each time later, and at last given up", () => {
  const broken = new Problem(0, "unreachable");
  assert.deepEqual(
    [2, 3, 4, 5].map(nth => pauseBefore(nth, broken)),
    [1000, 2000, 4000, null],
  );
});

test("a store that says when is believed, a refusal is not tried again", () => {
  assert.equal(pauseBefore(2, new Problem(503, "", null, 30)), 30_000);
  assert.equal(pauseBefore(2, new Problem(403, "")), null);
});

test("only what is filled in is sent, and a time with its zone", () => {
  const form = new FormData();
  form.set("agent", " Dana ");
  form.set("customer", "");
  form.set("started_at", "2026-11-23T10:00");
  assert.deepEqual(metadataOf(form), { agent: "Dana", started_at: new Date(2026, 10, 23, 10).toISOString() });
});
