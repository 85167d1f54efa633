import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../src/api/problem";
import { metadataOf } from "../src/upload/metadata";
import { pauseBefore, persistently } from "../src/upload/parts";
import { refusal } from "../src/upload/recordings";

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

test("what may be asked again is asked again, so that parts that have come are not thrown away", async () => {
  const answers = [new Problem(503, "", null, 0), new Problem(0, ""), "joined"];
  const paused: number[] = [];
  const pass = async (ms: number) => void paused.push(ms);
  const ask = async () => {
    const answer = answers.shift()!;
    if (answer instanceof Problem) throw answer;
    return answer;
  };

  assert.equal(await persistently(ask, new AbortController().signal, pass), "joined");
  assert.deepEqual(paused, [1000, 2000]);
});

test("a refusal and whoever stops end it at once", async () => {
  const pass = async () => assert.fail("waited");
  const refused = async () => Promise.reject(new Problem(409, ""));
  const away = async () => Promise.reject(new Problem(503, ""));

  await assert.rejects(persistently(refused, new AbortController().signal, pass), Problem);
  await assert.rejects(persistently(away, AbortSignal.abort(), pass), Problem);
});

test("only what is filled in is sent, and a time with its zone", () => {
  const form = new FormData();
  form.set("agent", " Dana ");
  form.set("customer", "");
  form.set("started_at", "2026-11-23T10:00");
  assert.deepEqual(metadataOf(form), { agent: "Dana", started_at: new Date(2026, 10, 23, 10).toISOString() });
});

test("what plainly is no recording is refused in words; what may be one is sent", () => {
  const told = (name: string, type: string, size = 1) => refusal({ name, type, size });
  const taken = [
    ["call.wav", "audio/x-wav"],
    ["meeting.mkv", "video/x-matroska"],
    ["CALL.WMA", "application/vnd.ms-asf"],
    ["exported", ""],
    ["call.dat", "application/octet-stream"],
  ] as const;
  assert.deepEqual(
    taken.map(([name, type]) => told(name, type)),
    taken.map(() => null),
  );
  for (const [name, type] of [
    ["notes.txt", "text/plain"],
    ["call.pdf", "application/pdf"],
    ["wav", "image/png"],
  ] as const)
    assert.match(told(name, type) ?? "", /^This is no recording\. Upload sound or video/);
  assert.match(told("call.wav", "audio/wav", 0) ?? "", /^This is empty, or a folder\./);
});
