/** What helps a call that failed. */

export type Redoable = "transcribe" | "analyze" | "embed";

interface Failed {
  readonly stage: string;
  readonly reason: string;
}

/** Of these the recording is the cause: only another one helps. */
export const OF_THE_RECORDING: ReadonlySet<string> = new Set([
  "changed",
  "empty_audio",
  "empty_file",
  "erased",
  "invalid_transcript",
  "no_audio_stream",
  "too_large",
  "too_long",
  "unreadable_audio",
  "unsupported_audio",
]);

/** Of these doing it again does not help before somebody has changed something. */
const FIRST: Readonly<Record<string, string>> = {
  budget_exceeded: "Do it again tomorrow, or when the budget is raised.",
  provider_quota: "Do it again when your administrator has raised the quota.",
  provider_denied: "Do it again when your administrator has renewed the key.",
  forbidden: "Do it again when your administrator has given this service its rights back.",
  forbidden_location: "Put the recording where this service may read, or upload it here.",
  index_unfit: "Do it again when your administrator has rebuilt the search index.",
  index_missing: "Do it again when your administrator has rebuilt the search index.",
};

/** The stage from which it is worth doing again; null where another recording is needed. */
export function redoFrom({ stage, reason }: Failed): Redoable | null {
  if (OF_THE_RECORDING.has(reason)) return null;
  return stage === "transcribe" || stage === "analyze" || stage === "embed" ? stage : null;
}

export function helpFor(failed: Failed): string {
  const first = FIRST[failed.reason];
  if (first) return first;
  return redoFrom(failed) === null
    ? "Only another recording helps: upload it again."
    : "Doing it again goes on where it stopped; nothing is lost.";
}
