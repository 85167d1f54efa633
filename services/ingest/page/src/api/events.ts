/** A call's progress, as it happens. */

import type { CallRow, StageAnswer } from "./schema";

/** A call as its journal alone tells. */
export type CallSummary = Omit<CallRow, "about">;

/** A call as an event tells of it: its summary and the stages of its journal. */
export type Progress = CallSummary & { readonly journal: Readonly<Record<string, StageAnswer>> };

/** The stages that are through with it, by name: what they made can be had. */
export function finishedStages({ journal }: Pick<Progress, "journal">): string {
  const done = Object.entries(journal).filter(([, stage]) => stage.finished_at !== null);
  return done
    .map(([name]) => name)
    .sort()
    .join(" ");
}

/** `EventSource`, or what stands in for it. */
export type Source = Pick<EventSource, "addEventListener" | "close" | "readyState">;
type Open = (address: string) => Source;

const CLOSED = 2;

export interface Watcher {
  readonly progress: (call: Progress) => void;
  /** The call is through, or failed. */
  readonly ended: () => void;
  /** Nothing more will come although the call is not through: the page has to ask again itself. */
  readonly lost: () => void;
}

/** Follow a call until it ends; the browser reconnects by itself, from the last event on. Returns a stop. */
export function watch(
  callId: string,
  watcher: Watcher,
  open: Open = url => new EventSource(url),
): () => void {
  const source = open(`/api/v1/calls/${encodeURIComponent(callId)}/events`);
  source.addEventListener("call", event => {
    watcher.progress(JSON.parse((event as MessageEvent<string>).data) as Progress);
  });
  source.addEventListener("end", () => {
    source.close();
    watcher.ended();
  });
  source.addEventListener("error", () => {
    if (source.readyState === CLOSED) watcher.lost();
  });
  return () => source.close();
}
