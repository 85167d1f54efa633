/** From which stage a call is best done again. */

import type { RedoStage } from "../api/calls";
import type { CallSummary } from "../api/events";

const STAGES: readonly string[] = ["transcribe", "analyze", "embed"] satisfies RedoStage[];

/** The stage in which it failed; null where only another recording helps. */
export function redoFrom({ error }: Pick<CallSummary, "error">): RedoStage | null {
  if (error === null) return "analyze";
  return STAGES.includes(error.stage) ? (error.stage as RedoStage) : null;
}
