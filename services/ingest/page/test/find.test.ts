import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "../src/api/stream";
import { after, asking, pending } from "../src/ask/question";
import { dayBegins, narrowing } from "../src/find/narrowing";
import { beginning, isoDay, lastDay, periods, spanOf } from "../src/overview/periods";
import { helpFor, OF_THE_RECORDING, redoFrom } from "../src/remedies";

test("what an address does not know does not narrow, and its last day is told as that day's end", () => {
  assert.deepEqual(narrowing(new URLSearchParams("sentiment=angry&type=rumour&since=yesterday")), {});
  const told = narrowing(new URLSearchParams("until=2026-11-23&agent=+Dana+&sentiment=mixed&type=topic"));
  assert.deepEqual(told, {
    until: dayBegins("2026-11-24")!,
    agent: ["Dana"],
    sentiment: ["mixed"],
    type: ["topic"],
  });
});

test("events are read wherever their pieces are cut", () => {
  const text = ': beat\n\nevent: sentence\ndata: {"a":\ndata: 1}\r\n\r\nevent: done\ndata: {}\n\n';
  for (let at = 0; at <= text.length; at += 1) {
    const reader = new EventReader();
    assert.deepEqual(
      [...reader.read(text.slice(0, at)), ...reader.read(text.slice(at))],
      [
        { event: "sentence", data: '{"a":\n1}' },
        { event: "done", data: "{}" },
      ],
    );
  }
});

test("an answer grows by its events and ends with its totals or its problem", () => {
  const asked = after(asking("Why?"), { event: "sentence", data: '{"text":"So.","citations":[]}' });
  assert.deepEqual([asked.sentences.length, pending(asked)], [1, true]);
  assert.equal(pending(after(asked, { event: "done", data: "{}" })), false);
  const failed = after(asked, { event: "error", data: '{"status":503,"detail":"Later."}' });
  assert.deepEqual([failed.problem?.status, failed.problem?.detail, pending(failed)], [503, "Later.", false]);
});

test("periods are those of the API: days, weeks from Monday on, months, in UTC", () => {
  const sunday = new Date("2026-11-22T23:59:00Z");
  assert.equal(isoDay(beginning(sunday, "week")), "2026-11-16");
  assert.equal(lastDay(beginning(sunday, "week"), "week"), "2026-11-22");
  assert.equal(lastDay(beginning(new Date("2024-02-10T00:00:00Z"), "month"), "month"), "2024-02-29");
  assert.deepEqual(periods(spanOf("7"), sunday).map(isoDay).slice(-2), ["2026-11-21", "2026-11-22"]);
  assert.equal(periods(spanOf("7"), sunday).length, 7);
  assert.equal(isoDay(periods(spanOf("365"), sunday)[0]!), "2025-11-01");
});

test("a call goes on from the stage that failed, unless its recording is to blame", () => {
  assert.equal(redoFrom({ stage: "analyze", reason: "provider_busy" }), "analyze");
  assert.equal(redoFrom({ stage: "ingest", reason: "storage_unavailable" }), null);
  for (const reason of OF_THE_RECORDING) {
    assert.equal(redoFrom({ stage: "transcribe", reason }), null);
    assert.match(helpFor({ stage: "transcribe", reason }), /another recording/);
  }
});
