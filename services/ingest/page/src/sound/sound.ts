/** The one sound of the page: whatever view plays a call plays it here, so that two never talk at once. */

import { signal } from "@preact/signals";

export interface Playing {
  readonly callId: string;
  /** What to call it where it is shown outside its own view. */
  readonly title: string;
}

export const playing = signal<Playing | null>(null);
export const paused = signal(true);
/** Something of the chosen call has been heard: only then it is worth a player in other views. */
export const heard = signal(false);
export const positionMs = signal(0);
export const durationMs = signal(0);
export const rate = signal(1);
export const soundProblem = signal<string | null>(null);

export const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;
const SKIP = 10_000;
const RENEWED_AT_MOST_EVERY = 5_000; // ms

let element: HTMLAudioElement | null = null;
let stopAt: number | null = null; // ms, where a quote ends
let renewedAt = Number.NEGATIVE_INFINITY;

export const address = (callId: string): string => `/api/v1/calls/${encodeURIComponent(callId)}/recording`;

/** The audio element, made at first use; it lives in the document, outside every view. */
export function audio(): HTMLAudioElement {
  if (element === null) {
    element = document.createElement("audio");
    element.id = "sound";
    element.preload = "metadata";
    document.body.append(element);
    listen(element);
  }
  return element;
}

function listen(sound: HTMLAudioElement): void {
  const told = () => {
    positionMs.value = sound.currentTime * 1000;
    if (stopAt !== null && positionMs.value >= stopAt) pause();
  };
  sound.addEventListener("timeupdate", told);
  sound.addEventListener("seeking", told);
  sound.addEventListener("play", () => {
    paused.value = false;
    heard.value = true;
  });
  sound.addEventListener("pause", () => {
    paused.value = true;
  });
  sound.addEventListener("durationchange", () => {
    durationMs.value = Number.isFinite(sound.duration) ? sound.duration * 1000 : 0;
  });
  sound.addEventListener("loadeddata", () => {
    soundProblem.value = null;
  });
  sound.addEventListener("error", () => renew(sound));
}

/** A recording's address works for minutes only: ask for another one, and go on where it stopped. */
function renew(sound: HTMLAudioElement): void {
  const now = performance.now();
  if (playing.value === null) return;
  if (now - renewedAt < RENEWED_AT_MOST_EVERY) {
    soundProblem.value = "The recording cannot be played.";
    return;
  }
  renewedAt = now;
  const [at, goOn] = [positionMs.value, !paused.value];
  sound.load();
  sound.currentTime = at / 1000;
  if (goOn) void start();
}

async function start(): Promise<void> {
  const sound = audio();
  sound.playbackRate = rate.value;
  await sound.play().catch((error: DOMException) => {
    // AbortError: another load or a pause came first. NotAllowedError: the browser waits for a click.
    if (error.name === "NotSupportedError") soundProblem.value = "The recording cannot be played.";
  });
}

/** Make a call the one that plays, without playing it yet. */
export function choose(callId: string, title: string): void {
  if (playing.value?.callId !== callId) {
    stopAt = null;
    heard.value = false;
    soundProblem.value = null;
    renewedAt = Number.NEGATIVE_INFINITY;
    positionMs.value = 0;
    durationMs.value = 0;
    audio().src = address(callId);
  }
  playing.value = { callId, title };
}

export function seek(ms: number): void {
  stopAt = null;
  const sound = audio();
  const end = durationMs.value || Number.POSITIVE_INFINITY;
  sound.currentTime = Math.max(0, Math.min(ms, end)) / 1000;
  positionMs.value = sound.currentTime * 1000;
}

/** Play a call from *fromMs* on; up to *untilMs* if it is a quote. */
export function play(callId: string, title: string, fromMs?: number, untilMs?: number | null): void {
  choose(callId, title);
  if (fromMs !== undefined) seek(fromMs);
  stopAt = untilMs ?? null;
  void start();
}

export function pause(): void {
  stopAt = null;
  audio().pause();
}

export function toggle(): void {
  if (playing.value === null) return;
  if (paused.value) void start();
  else pause();
}

export const skip = (direction: 1 | -1): void => seek(positionMs.value + direction * SKIP);

export function setRate(to: number): void {
  rate.value = to;
  audio().playbackRate = to;
}

export function faster(direction: 1 | -1): void {
  const at = RATES.indexOf(rate.value as (typeof RATES)[number]);
  setRate(RATES[Math.max(0, Math.min(RATES.length - 1, at + direction))] ?? 1);
}

export function stop(): void {
  pause();
  audio().removeAttribute("src");
  audio().load();
  playing.value = null;
}
