import assert from "node:assert/strict";
import { test } from "node:test";
import { ordered, standing } from "../src/access/keys";
import type { ToldKey } from "../src/api/schema";
import { lackWords } from "../src/words";

const NOW = new Date("2026-11-23T10:00:00Z");
const BEFORE = "2026-11-23T09:59:59Z";
const LATER = "2026-11-23T10:00:01Z";

test("a key works until it is revoked or its time is over", () => {
  const words = [
    { revoked_at: null, expires_at: null },
    { revoked_at: null, expires_at: LATER },
    { revoked_at: null, expires_at: BEFORE },
    { revoked_at: BEFORE, expires_at: LATER },
  ].map(key => standing(key, NOW).word);
  assert.deepEqual(words, ["Works", "Works", "Expired", "Revoked"]);
});

test("keys that work come first, else in the order in which they came", () => {
  const keys = [BEFORE, null, BEFORE, null].map(
    (revoked_at, n) => ({ key_id: `${n}`, revoked_at }) as ToldKey,
  );
  assert.deepEqual(
    ordered(keys, NOW).map(key => key.key_id),
    ["1", "3", "0", "2"],
  );
});

test("whoever lacks a right is told what it is good for, and who gives it", () => {
  assert.equal(
    lackWords("ask", "users"),
    "Your role may not ask questions. An administrator can give you the role analysts.",
  );
  assert.equal(
    lackWords("ask", "analysts"),
    "Your access does not let you ask questions. An administrator can widen it.",
  );
});
