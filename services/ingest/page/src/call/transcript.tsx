/** What was said, following the sound; any line seeks. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { UtteranceAnswer } from "../api/schema";
import { Icon } from "../components/icon";
import { clock } from "../format";
import { listen, shortcuts } from "../keyboard";
import { paused, play, positionMs } from "../sound/sound";
import { speakerNumber, speakerWord } from "../words";
import { lineAt, speakersOf } from "./lines";
import { memo } from "./memo";

interface TranscriptProps {
  readonly callId: string;
  readonly title: string;
  readonly lines: readonly UtteranceAnswer[];
  /** Utterances that are plainly not neutral, by id. */
  readonly moods: ReadonlyMap<string, string>;
}

const EYE_LEVEL = 0.35; // of the panel's height, where the current line is kept

/** Rendered once: of 3,000 lines only two change with the sound, and those are told so directly. */
const Lines = memo(function Lines({ lines, moods }: Pick<TranscriptProps, "lines" | "moods">) {
  const speakers = speakersOf(lines);
  const colours = new Map(speakers.map(each => [each, `speaker-${speakerNumber(each, speakers)}`]));
  return (
    <>
      {lines.map((line, n) => {
        const begins = lines[n - 1]?.speaker !== line.speaker;
        const mood = moods.get(line.id);
        return (
          <li key={line.id} data-n={n} class={`line ${colours.get(line.speaker)}`}>
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
          </li>
        );
      })}
    </>
  );
});

const row = (list: HTMLElement, n: number): HTMLElement | null => list.children.item(n) as HTMLElement | null;

function mark(list: HTMLElement, from: number, to: number): void {
  row(list, from)?.removeAttribute("aria-current");
  row(list, to)?.setAttribute("aria-current", "true");
}

function show(panel: HTMLElement, line: HTMLElement): void {
  const top = line.offsetTop - panel.clientHeight * EYE_LEVEL;
  const far = Math.abs(panel.scrollTop - top) > panel.clientHeight * 1.5;
  panel.scrollTo({ top, behavior: far ? "instant" : "smooth" });
}

/** One line's time is in the order of Tab; the arrows move among them. */
function focusLine(list: HTMLElement, n: number): void {
  const to = row(list, n)?.querySelector<HTMLElement>(".line-time");
  if (!to) return;
  for (const each of list.querySelectorAll('.line-time[tabindex="0"]')) each.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  to.focus();
}

const numberOf = (target: EventTarget | null): number | null => {
  const line = target instanceof Element ? target.closest<HTMLElement>(".line") : null;
  return line ? Number(line.dataset.n) : null;
};

/** A click that ends a selection of text is none. */
const selecting = (): boolean => (getSelection()?.toString() ?? "") !== "";

const SCROLLS = ["wheel", "touchmove"] as const;

export function TranscriptPanel({ callId, title, lines, moods }: TranscriptProps) {
  const panel = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const shown = useRef(-1);
  const [following, setFollowing] = useState(true);
  const current = lineAt(lines, positionMs.value);

  useEffect(() => {
    mark(list.current!, shown.current, current);
    shown.current = current;
    const line = row(list.current!, current);
    if (following && line) show(panel.current!, line);
  }, [current, following, lines]);

  useEffect(() => {
    const leave = () => setFollowing(false);
    for (const name of SCROLLS) panel.current?.addEventListener(name, leave, { passive: true });
    return () => {
      for (const name of SCROLLS) panel.current?.removeEventListener(name, leave);
    };
  }, []);

  const playLine = (n: number) => {
    const line = lines[n];
    if (!line) return;
    setFollowing(true);
    play(callId, title, line.start_ms);
  };
  useEffect(
    () =>
      listen({
        n: () => playLine(lineAt(lines, positionMs.value) + 1),
        p: () => playLine(Math.max(0, lineAt(lines, positionMs.value) - 1)),
        f: () => setFollowing(true),
      }),
    [lines, shortcuts.value],
  );

  const clicked = (event: MouseEvent) => {
    const n = numberOf(event.target);
    if (n !== null && !selecting()) playLine(n);
  };
  const pressed = (event: KeyboardEvent) => {
    const n = numberOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (n === null || step === undefined) return;
    event.preventDefault();
    setFollowing(false);
    focusLine(list.current!, n + step);
  };
  return (
    <section class="card transcript" aria-label="Transcript">
      <h2>Transcript</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard */}
      <section class="lines" ref={panel} tabIndex={0} aria-label="What was said">
        <ol ref={list} onClick={clicked} onKeyDown={pressed}>
          <Lines lines={lines} moods={moods} />
        </ol>
      </section>
      {!following && (
        <button type="button" class="button follow" onClick={() => setFollowing(true)}>
          <Icon name="down" /> {paused.value ? "Back to the current line" : "Follow the sound"}
        </button>
      )}
    </section>
  );
}
