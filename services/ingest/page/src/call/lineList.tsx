/** The lines of a transcript, in blocks that are laid out only in sight, and drawn one after the other. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { UtteranceAnswer } from "../api/schema";
import { clock } from "../format";
import { speakerNumber, speakerWord } from "../words";
import { speakersOf } from "./lines";
import { memo } from "./memo";

const BLOCK = 40; // lines; its height out of sight is a guess in transcript.css
const AT_ONCE = 6 * BLOCK; // thousands would hold the page up for a second

/** The element of a line, if it is drawn. */
export function lineIn(list: Element, n: number): HTMLElement | null {
  const block = list.children.item(Math.floor(n / BLOCK));
  return (block?.children.item(n % BLOCK) ?? null) as HTMLElement | null;
}

/** How many of *all* lines are there by now: all of them soon, for a search in the page and for screen readers. */
export function useDrawn(all: number): number {
  const [drawn, setDrawn] = useState(AT_ONCE);
  useEffect(() => {
    if (drawn >= all) return undefined;
    const timer = setTimeout(() => setDrawn(drawn + AT_ONCE));
    return () => clearTimeout(timer);
  }, [drawn, all]);
  return drawn;
}

interface LinesProps {
  readonly lines: readonly UtteranceAnswer[];
  /** Utterances that are plainly not neutral, by id. */
  readonly moods: ReadonlyMap<string, string>;
}

interface LineProps {
  readonly line: UtteranceAnswer;
  readonly n: number;
  readonly begins: boolean;
  readonly colour: string | undefined;
  readonly mood: string | undefined;
}

function Line({ line, n, begins, colour, mood }: LineProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <ol> may hold nothing but its items, which are in blocks here
    <div role="listitem" data-n={n} class={`line ${colour}`}>
      {begins && <p class="speaker">{speakerWord(line.speaker)}</p>}
      <button
        type="button"
        class="line-time"
        tabIndex={n === 0 ? 0 : -1}
        aria-label={`Play from ${clock(line.start_ms)}`}
      >
        {clock(line.start_ms)}
      </button>
      <p class="said" lang={line.language ?? undefined}>
        {line.text}
        {mood && <span class={`mood mood-${mood}`}> {mood}</span>}
      </p>
    </div>
  );
}

interface BlockProps extends LinesProps {
  readonly from: number;
  readonly colours: ReadonlyMap<string, string>;
}

/** Rendered once: of 3,000 lines only two change with the sound, and those are told so directly. */
const Block = memo(function Block({ lines, moods, from, colours }: BlockProps) {
  return (
    <div class="block">
      {lines.slice(from, from + BLOCK).map((line, nth) => (
        <Line
          key={line.id}
          line={line}
          n={from + nth}
          begins={lines[from + nth - 1]?.speaker !== line.speaker}
          colour={colours.get(line.speaker)}
          mood={moods.get(line.id)}
        />
      ))}
    </div>
  );
});

export function Blocks({ lines, moods, drawn }: LinesProps & { readonly drawn: number }) {
  const colours = useMemo(() => {
    const speakers = speakersOf(lines);
    return new Map(speakers.map(each => [each, `speaker-${speakerNumber(each, speakers)}`]));
  }, [lines]);
  const firsts = Array.from(
    { length: Math.ceil(Math.min(drawn, lines.length) / BLOCK) },
    (_, n) => n * BLOCK,
  );
  return (
    <>
      {firsts.map(from => (
        <Block key={from} lines={lines} moods={moods} from={from} colours={colours} />
      ))}
    </>
  );
}
