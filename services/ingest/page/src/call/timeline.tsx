/** The way through the four stages, with attempts, times, models and costs. */

import type { CallSummary } from "../api/events";
import type { StageAnswer } from "../api/schema";
import { Badge } from "../components/badge";
import { counted, moment, money, spell } from "../format";
import { parkedWords, reasonWords, type Tone } from "../words";
import { STATE_WORDS, type StageRow, type StageState, stageRows } from "./stages";

type Call = CallSummary & { readonly journal: Readonly<Record<string, StageAnswer>> };

const TONES: Readonly<Record<StageState, Tone>> = {
  waiting: "none",
  unreached: "none",
  running: "busy",
  retrying: "warn",
  parked: "warn",
  done: "good",
  failed: "bad",
  earlier: "none",
};

/** What there is to say of a stage; a delivery that was repeated is no failure, and nobody's concern. */
export function notes({ stage, state }: StageRow): string[] {
  if (!stage) return [];
  const told: string[] = [];
  if (stage.processing_time_seconds !== null && state === "done")
    told.push(`took ${spell(stage.processing_time_seconds * 1000)}`);
  if (stage.error && state !== "done") told.push(counted(stage.error.retry_count + 1, "failed attempt"));
  if (stage.model) told.push(stage.model);
  if (stage.cost_usd) told.push(money(stage.cost_usd));
  return told;
}

function Step({ row, call }: { readonly row: StageRow; readonly call: Call }) {
  const error = row.state === "done" ? null : row.stage?.error;
  return (
    <li class={`step step-${row.state}`}>
      <p class="step-title">
        <b>{row.title}</b> <Badge word={STATE_WORDS[row.state]} tone={TONES[row.state]} />
      </p>
      <p class="muted small">{notes(row).join(" · ")}</p>
      {row.stage?.started_at && (row.state === "running" || row.state === "retrying") && (
        <p class="muted small">since {moment(row.stage.started_at)}</p>
      )}
      {error && call.error === null && <p class="small">{reasonWords(error)}</p>}
      {row.state === "parked" && call.parked && (
        <p class="small">
          {parkedWords(call.parked.reason)}, until {moment(call.parked.until)}.
        </p>
      )}
    </li>
  );
}

/** Four steps side by side where there is room. */
export function Steps({ call }: { readonly call: Call }) {
  return (
    <ol class="steps">
      {stageRows(call, call.journal).map(row => (
        <Step key={row.name} row={row} call={call} />
      ))}
    </ol>
  );
}

export function TimelineCard({ call }: { readonly call: Call }) {
  return (
    <section class="card" aria-labelledby="timeline">
      <h2 id="timeline">Way through the stages</h2>
      <Steps call={call} />
    </section>
  );
}
