import assert from "node:assert/strict";
import { test } from "node:test";
import type { Passage } from "../src/api/schema";
import { type Shown, shown } from "../src/find/passage";

const beside = (id: string, text: string) => ({ id, speaker: "agent", start_ms: 0, end_ms: 0, text });

const LINES = [
  "customer: Too slow.",
  "agent: I see.",
  "customer: And too dear.",
  "agent: Sorry.",
  "agent: A discount?",
];

const passage = (part: Partial<Passage>): Passage => ({
  call_id: "c-1",
  chunk_id: "default:c-1:1:0",
  score: 1,
  text: LINES.join("\n"),
  highlights: [],
  speakers: ["customer", "agent"],
  utterance_ids: ["u2", "u3", "u4", "u5", "u6"],
  starts_ms: [1000, 2000, 3000, 4000, 5000],
  start_ms: 1000,
  end_ms: 6000,
  finding: null,
  before: [beside("u1", "Hello.")],
  after: [beside("u7", "Bye.")],
  ...part,
});

/** A row as it is seen: quiet ones in brackets, found words in stars. */
const seen = ({ rows }: Shown): string[] =>
  rows.map(row => {
    if (row === null) return "…";
    const text = row.pieces.map(({ text, marked }) => (marked ? `*${text}*` : text)).join("");
    return row.quiet ? `(${row.speaker}: ${text})` : `${row.speaker}: ${text}`;
  });

test("a passage without found words is shown whole, with what was said beside it", () => {
  const found = shown(passage({}));
  assert.deepEqual(seen(found), ["(agent: Hello.)", ...LINES, "(agent: Bye.)"]);
  assert.equal(found.startMs, 1000);
});

test("of found words their lines are shown, a line beside them, and where lines are left out", () => {
  const found = shown(passage({ highlights: ["customer: <em>Too</em> slow.", "A <em>discount</em>?"] }));
  assert.deepEqual(seen(found), [
    "(agent: Hello.)",
    "customer: *Too* slow.",
    "…",
    "agent: A *discount*?",
    "(agent: Bye.)",
  ]);
});

test("playing starts at the first line with found words, not where the passage does", () => {
  const highlights = ["And <em>too</em> <em>dear</em>."];
  assert.equal(shown(passage({ highlights })).startMs, 3000);
  assert.equal(shown(passage({ highlights, starts_ms: [] })).startMs, 1000);
  assert.deepEqual(seen(shown(passage({ highlights }))), [
    "(agent: I see.)",
    "customer: And *too* *dear*.",
    "(agent: Sorry.)",
  ]);
});

test("a highlight over several lines keeps each line its speaker's, and no speaker is a found word", () => {
  const highlights = ["I see. <em>customer</em>: And <em>too</em> dear. agent: Sorry."];
  assert.deepEqual(seen(shown(passage({ highlights }))), [
    "(agent: I see.)",
    "customer: And *too* dear.",
    "(agent: Sorry.)",
  ]);
});

test("a monologue is cut around its found words, at words' ends, and says so", () => {
  const words = Array.from({ length: 200 }, (_, n) => `word${n}`).join(" ");
  const text = `customer: ${words}`;
  const highlights = ["<em>word100</em> word101"];
  const [row] = shown(passage({ text, highlights, before: [], after: [] })).rows;
  const cut = row!.pieces.map(piece => piece.text).join("");
  assert.match(cut, /^… word\d+ .*word100 word101.* word\d+ …$/);
  assert.ok(cut.length < 300);
  assert.ok(row!.pieces.some(piece => piece.marked && piece.text === "word100"));
});

test("a finding is its sentence and its quotes; what the badge says is not said again", () => {
  const finding = { type: "topic", subject: "price", state: null, quote: "Too dear." } as const;
  const text = "Topic: price\n“Too dear.”";
  const found = shown(passage({ text, finding, start_ms: 3100, highlights: ["Topic: <em>price</em>"] }));
  assert.deepEqual(seen(found), ["null: *price*", "null: “Too dear.”"]);
  assert.equal(found.startMs, 3100);
});
