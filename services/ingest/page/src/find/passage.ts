/** What of a passage is shown: the lines with found words, one beside them, and where lines are left out. */

import type { Passage } from "../api/schema";
import { type Piece, pieces } from "../components/highlighted";
import { plain } from "../format";

export interface Told {
  readonly speaker: string | null;
  readonly pieces: readonly Piece[];
  /** It was not found; it stands beside what was. */
  readonly quiet: boolean;
}

export interface Shown {
  /** null: lines are left out here. */
  readonly rows: readonly (Told | null)[];
  /** Where the first line with found words begins. */
  readonly startMs: number;
}

type Span = readonly [from: number, to: number];

interface Line {
  readonly speaker: string | null;
  readonly text: string;
  /** Found words, by their places in the text. */
  readonly marks: readonly Span[];
}

const LONGEST = 280; // letters of a line; a monologue is cut around its found words
const AROUND = 90;

/** "customer: Too slow." is a line of the customer's; *speakers* are the only ones there are. */
const speakerOf = (line: string, speakers: readonly string[]): string | null =>
  speakers.find(each => line.startsWith(`${each}: `)) ?? null;

/** Lines' ends are blanks to whoever marks words. */
const level = (text: string): string => text.replaceAll("\n", " ");

/** Where found words stand in the passage's text. */
function marksIn(passage: Passage): Span[] {
  return passage.highlights.flatMap(highlight => {
    const parts = pieces(highlight);
    let at = level(passage.text).indexOf(level(parts.map(part => part.text).join("")));
    if (at < 0) return [];
    return parts.flatMap(({ text, marked }) => {
      const span = [at, at + text.length] as const;
      at += text.length;
      return marked ? [span] : [];
    });
  });
}

function linesOf(passage: Passage): Line[] {
  const marks = marksIn(passage);
  const badge = passage.finding && `${plain(passage.finding.type)}: `; // the badge says so already
  let begins = 0;
  return passage.text.split("\n").map(line => {
    const speaker = passage.finding ? null : speakerOf(line, passage.speakers);
    const label = speaker !== null ? speaker.length + 2 : badge && line.startsWith(badge) ? badge.length : 0;
    const from = begins + label;
    begins += line.length + 1;
    const within = marks.filter(([start, end]) => start >= from && end < begins);
    return { speaker, text: line.slice(label), marks: within.map(([a, b]) => [a - from, b - from] as const) };
  });
}

/** The part of a long line that has its found words, ended where a word ends. */
function clip({ text, marks }: Line): Span {
  if (text.length <= LONGEST) return [0, text.length];
  const first = marks[0]?.[0] ?? 0;
  const from = first <= AROUND ? 0 : text.indexOf(" ", first - AROUND) + 1;
  const to = Math.max(from + LONGEST, marks.findLast(([, end]) => end < from + LONGEST)?.[1] ?? 0);
  return [from, to >= text.length ? text.length : text.lastIndexOf(" ", to)];
}

function cut(line: Line): Piece[] {
  const [from, to] = clip(line);
  const found: Piece[] = from > 0 ? [{ text: "… ", marked: false }] : [];
  let at = from;
  const take = (end: number, marked: boolean) => {
    if (end > at) found.push({ text: line.text.slice(at, end), marked });
    at = Math.max(at, end);
  };
  for (const [start, end] of line.marks.filter(mark => mark[0] >= from && mark[1] <= to)) {
    take(start, false);
    take(end, true);
  }
  take(to, false);
  return to < line.text.length ? [...found, { text: " …", marked: false }] : found;
}

const told = (line: Line, quiet: boolean): Told => ({ speaker: line.speaker, pieces: cut(line), quiet });

/** The lines of a finding are its sentence and its quotes: all of them. */
export function shown(passage: Passage): Shown {
  const own = linesOf(passage);
  const marked = own.some(line => line.marks.length > 0);
  const { before, after } = passage;
  const aside = (side: Passage["before"]) => side.map(each => ({ ...each, marks: [] }));
  if (passage.finding) return { rows: own.map(line => told(line, false)), startMs: passage.start_ms };

  const all: Line[] = [...aside(before), ...own, ...aside(after)];
  const loud = own.flatMap((line, n) => (marked && line.marks.length === 0 ? [] : [before.length + n]));
  const [first, last] = [loud[0]!, loud.at(-1)!];
  const rows: (Told | null)[] = [];
  let previous = first - 1;
  for (const n of [first - 1, ...loud, last + 1].filter(n => n in all)) {
    if (n > previous + 1) rows.push(null);
    rows.push(told(all[n]!, !loud.includes(n)));
    previous = n;
  }
  const known = passage.starts_ms.length === own.length;
  const startMs = marked && known ? passage.starts_ms[first - before.length] : passage.start_ms;
  return { rows, startMs: startMs ?? passage.start_ms };
}
