/** How far a call is, stage by stage. */

import type { CallSummary } from "../api/events";
import type { StageAnswer } from "../api/schema";
import { STAGES, type StageName } from "../words";

export type StageState =
  | "waiting"
  | "unreached"
  | "running"
  | "retrying"
  | "parked"
  | "done"
  | "failed"
  | "earlier";

export interface StageRow {
  readonly name: StageName;
  readonly title: string;
  readonly state: StageState;
  readonly stage: StageAnswer | null;
}

type Known = Pick<CallSummary, "status" | "error" | "parked" | "revision">;
type Journal = Readonly<Record<string, StageAnswer>>;

function stateOf(call: Known, stage: StageAnswer | undefined, name: string, passed: boolean): StageState {
  if (call.error?.stage === name) return "failed";
  if (call.parked?.stage === name) return "parked";
  if (!stage && passed && call.revision > 1) return "earlier";
  if (stage?.finished_at) return "done";
  if (call.status === "failed") return "unreached";
  if (!stage || stage.attempts === 0) return "waiting";
  return stage.error ? "retrying" : "running";
}

/** How far a call is: the n-th stage is through from the 2n-th of these on. */
const PASSED = ["uploaded", "transcribing", "transcribed", "analyzing", "analyzed", "embedding", "completed"];

/** The four stages in order; *earlier*: this revision builds on what an earlier one made. */
export function stageRows(call: Known, journal: Journal): StageRow[] {
  return STAGES.map(({ name, title }, n) => {
    const stage = journal[name];
    const laterBegan = STAGES.slice(n + 1).some(later => later.name in journal);
    const passed = laterBegan || PASSED.indexOf(call.status) >= 2 * n;
    return { name, title, stage: stage ?? null, state: stateOf(call, stage, name, passed) };
  });
}

export const STATE_WORDS: Readonly<Record<StageState, string>> = {
  waiting: "Waiting",
  unreached: "Not reached",
  running: "At work",
  retrying: "Trying again",
  parked: "Parked",
  done: "Done",
  failed: "Failed",
  earlier: "Kept from an earlier revision",
};
