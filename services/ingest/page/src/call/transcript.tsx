/** What was said, following the sound; any line seeks. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { UtteranceAnswer } from "../api/schema";
import { Icon } from "../components/icon";
import { listen, shortcuts } from "../keyboard";
import { paused, play, positionMs } from "../sound/sound";
import { Blocks, lineIn, useDrawn } from "./lineList";
import { lineAt } from "./lines";

interface TranscriptProps {
  readonly callId: string;
  readonly title: string;
  readonly lines: readonly UtteranceAnswer[];
  /** Utterances that are plainly not neutral, by id. */
  readonly moods: ReadonlyMap<string, string>;
}

const EYE_LEVEL = 0.35; // of the panel's height, where the current line is kept

function mark(list: HTMLElement, from: number, to: number): void {
  lineIn(list, from)?.removeAttribute("aria-current");
  lineIn(list, to)?.setAttribute("aria-current", "true");
}

function show(panel: HTMLElement, line: HTMLElement): void {
  const below = line.getBoundingClientRect().top - panel.getBoundingClientRect().top;
  const top = panel.scrollTop + below - panel.clientHeight * EYE_LEVEL;
  const far = Math.abs(panel.scrollTop - top) > panel.clientHeight * 1.5;
  panel.scrollTo({ top, behavior: far ? "instant" : "smooth" });
}

/** One line's time is in the order of Tab; the arrows move among them. */
function focusLine(list: HTMLElement, n: number): void {
  const to = lineIn(list, n)?.querySelector<HTMLElement>(".line-time");
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
  const list = useRef<HTMLDivElement>(null);
  const shown = useRef(-1);
  const [following, setFollowing] = useState(true);
  const current = lineAt(lines, positionMs.value);
  const drawn = useDrawn(lines.length);

  useEffect(() => {
    mark(list.current!, shown.current, current);
    shown.current = current;
    const line = lineIn(list.current!, current);
    if (following && line) show(panel.current!, line);
  }, [current, following, lines, current < drawn]);

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
        {/* biome-ignore lint/a11y/useSemanticElements: an <ol> may hold nothing but its items */}
        <div role="list" ref={list} onClick={clicked} onKeyDown={pressed}>
          <Blocks lines={lines} moods={moods} drawn={drawn} />
        </div>
      </section>
      {!following && (
        <button type="button" class="button follow" onClick={() => setFollowing(true)}>
          <Icon name="down" /> {paused.value ? "Back to the current line" : "Follow the sound"}
        </button>
      )}
    </section>
  );
}
