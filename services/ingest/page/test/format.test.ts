import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytes,
  clock,
  counted,
  isoDuration,
  moment,
  money,
  percent,
  plain,
  quoted,
  spell,
} from "../src/format";

/** Some versions of ICU put a narrow space before AM, some a plain one. */
const evened = (text: string): string => text.replaceAll("\u202f", " ");

test("a place on the timeline is told as a player tells it", () => {
  assert.deepEqual([0, 61_999, 3_661_000, -5].map(clock), ["0:00", "1:01", "1:01:01", "0:00"]);
});

test("a length is told in its two largest units", () => {
  assert.deepEqual(
    [0, 380, 9_960, 42_400, 60_000, 3_661_000].map(ms => spell(ms, "en")),
    ["0 sec", "0.4 sec", "10 sec", "42 sec", "1 min", "1 hr 1 min"],
  );
  assert.equal(isoDuration(61_500), "PT61.5S");
});

test("small sums keep the digits that matter", () => {
  assert.deepEqual(
    [0, 0.0043, 12.5].map(usd => money(usd, "en")),
    ["$0.00", "$0.0043", "$12.50"],
  );
  assert.equal(money(1234.5, "de"), "1.234,50\u00a0$");
});

test("sizes, shares and counts are told in the reader's language", () => {
  assert.deepEqual(
    [0, 999, 1_500_000, 5e12].map(n => bytes(n, "en")),
    ["0 byte", "999 byte", "1.5 MB", "5,000 GB"],
  );
  assert.equal(percent(0.985, "de"), "98,5\u00a0%");
  assert.deepEqual([counted(1, "call"), counted(2, "call")], ["1 call", "2 calls"]);
});

test("an instant is told alike wherever it is told", () => {
  assert.equal(evened(moment("2026-11-23T05:55:00Z", "en", "UTC")), "Nov 23, 2026, 5:55 AM");
});

test("a quote that ends before its sentence does says so", () => {
  const said = "We are two days late, every month. It costs ten percent";
  const quotes = [
    "We are two days late",
    "We are two days late,",
    "every month",
    "every month.",
    "ten percent",
  ];
  assert.deepEqual(
    quotes.map(quote => quoted(quote, said)),
    ["We are two days late…", "We are two days late…", "every month", "every month.", "ten percent"],
  );
});

test("where the words around a quote are not known, only what plainly goes on is told to", () => {
  assert.deepEqual(
    ["It is slow,", "ten percent", "How much?"].map(quote => quoted(quote)),
    ["It is slow…", "ten percent", "How much?"],
  );
});

test("a code becomes words", () => {
  assert.equal(plain("next_step_agreed"), "Next step agreed");
});
