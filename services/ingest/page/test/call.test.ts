import assert from "node:assert/strict";
import { test } from "node:test";
import { categories, grouped, scored } from "../src/call/findings";
import { drawnFromLines, drawnFromPeaks, lineAt, speakersOf } from "../src/call/lines";
import { stageRows } from "../src/call/stages";
import { notes } from "../src/call/timeline";
import { titleOf } from "../src/call/title";
import { spell } from "../src/format";
import { ANALYSIS, line, stage } from "./scene";

const LINES = [
  line("u1", "agent", 0, 900),
  line("u2", "customer", 1000, 1900),
  line("u3", "agent", 2000, 4000),
];

test("the current line is the last that has begun", () => {
  assert.deepEqual(
    [-1, 0, 999, 1000, 1950, 9999].map(ms => lineAt(LINES, ms)),
    [-1, 0, 0, 1, 1, 2],
  );
  assert.equal(lineAt([], 5), -1);
});

test("speakers are told in the order of their first words", () => {
  assert.deepEqual(speakersOf(LINES), ["agent", "customer"]);
});

test("without a waveform each speaker's track is loud where they speak and silent elsewhere", () => {
  const [agent, customer] = drawnFromLines(LINES, 4000, 8);
  assert.deepEqual([...agent!.peaks].map(Math.ceil), [1, 1, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual([...customer!.peaks].map(Math.ceil), [0, 0, 1, 1, 0, 0, 0, 0]);
});

test("channels are drawn on one scale, so that the quieter one looks quieter", () => {
  const tracks = drawnFromPeaks([
    { speaker: "agent", peaks: [0, 200] },
    { speaker: null, peaks: [100, 50] },
  ]);
  assert.deepEqual(
    tracks.map(track => [...track.peaks]),
    [
      [0, 1],
      [0.5, 0.25],
    ],
  );
});

const CALL = { status: "analyzing", error: null, parked: null, revision: 1 };
const DONE = stage({ attempts: 1, finished_at: "2026-11-23T10:00:00Z" });
const BEGUN = stage({ attempts: 1, started_at: "2026-11-23T10:00:00Z" });
const FAILURE = { stage: "analyze", reason: "timeout", message: "", timestamp: "", retry_count: 1 };

const states = (call: Parameters<typeof stageRows>[0], journal: Parameters<typeof stageRows>[1]) =>
  stageRows(call, journal).map(row => row.state);

test("each stage is done, at work or waiting", () => {
  const journal = { ingest: DONE, transcribe: DONE, analyze: BEGUN };
  assert.deepEqual(states(CALL, journal), ["done", "done", "running", "waiting"]);
});

test("a stage that failed and is tried again says so", () => {
  const journal = { ingest: DONE, transcribe: { ...BEGUN, error: FAILURE } };
  assert.deepEqual(states({ ...CALL, status: "transcribing" }, journal), [
    "done",
    "retrying",
    "waiting",
    "waiting",
  ]);
});

test("a failed call names the stage, and nothing of it is at work any more", () => {
  const failed = { ...CALL, status: "failed", error: FAILURE };
  const journal = { ingest: DONE, transcribe: BEGUN, analyze: BEGUN };
  assert.deepEqual(states(failed, journal), ["done", "unreached", "failed", "unreached"]);
});

test("a parked call waits at its stage", () => {
  const parked = { stage: "transcribe", until: "2026-11-24T00:00:00Z", reason: "budget_exceeded" };
  assert.deepEqual(states({ ...CALL, parked }, { ingest: DONE }), ["done", "parked", "waiting", "waiting"]);
});

test("a revision shows which stages it builds on", () => {
  assert.deepEqual(states({ ...CALL, revision: 2 }, { analyze: BEGUN }), [
    "earlier",
    "earlier",
    "running",
    "waiting",
  ]);
});

test("a revision that nothing has begun on yet keeps what came before its status", () => {
  assert.deepEqual(states({ ...CALL, status: "transcribed", revision: 2 }, {}), [
    "earlier",
    "earlier",
    "waiting",
    "waiting",
  ]);
});

const told = (call: Parameters<typeof stageRows>[0], journal: Parameters<typeof stageRows>[1]) =>
  stageRows(call, journal).map(row => notes(row).join());

test("attempts are told only where one has failed and none has come through", () => {
  const healthy = { ...DONE, attempts: 3, processing_time_seconds: 21.3 };
  const journal = { ingest: healthy, transcribe: { ...BEGUN, attempts: 2 } };
  assert.deepEqual(told(CALL, journal).slice(0, 2), [`took ${spell(21_300)}`, ""]);
  assert.deepEqual(told(CALL, { analyze: { ...BEGUN, error: FAILURE } })[2], "2 failed attempts");
  const once = { ...FAILURE, retry_count: 0 };
  assert.deepEqual(told(CALL, { analyze: { ...BEGUN, error: once } })[2], "1 failed attempt");
});

test("a call is named by who spoke, else by its file, else by when it was, else by its id", () => {
  assert.equal(
    titleOf("c-1", { agent: "Dana", company_name: "Bluebird", customer: "Sue" }),
    "Dana with Bluebird",
  );
  assert.equal(titleOf("c-1", { customer: "Sue" }), "Sue");
  assert.equal(titleOf("c-1", { agent: "Dana" }), "Call by Dana");
  assert.equal(titleOf("c-1", { filename: "demo.wav" }, "2026-11-23T10:00:00Z"), "demo.wav");
  assert.match(titleOf("c-1", {}, "2026-11-23T10:00:00Z"), /^Call of .*2026/);
  assert.equal(titleOf("c-1", null), "c-1");
});

test("findings come by kind, and kinds of which there is nothing are left out", () => {
  const groups = grouped(ANALYSIS.insights!);
  assert.deepEqual(
    groups.map(group => [group.title, group.items.length]),
    [
      ["Pain points", 1],
      ["Next steps", 1],
    ],
  );
  const [pain, step] = groups.map(group => group.items[0]!);
  assert.deepEqual([pain!.codes, pain!.notes, pain!.quotes[0]!.start_ms], [["high"], ["Data quality"], 1000]);
  assert.deepEqual(step!.notes, ["Owner: Agent"]);
});

test("a scorecard's question that was not answered is still shown", () => {
  assert.deepEqual(
    scored(ANALYSIS).map(row => [row.text, row.codes]),
    [
      ["Was the price named?", ["yes"]],
      ["Was a date agreed?", []],
    ],
  );
});

test("only the categories that the call is of are named", () => {
  assert.deepEqual(categories(ANALYSIS), ["Mentions a contract"]);
});
