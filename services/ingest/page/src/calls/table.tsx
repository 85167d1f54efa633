/** The list of calls, a line each; those on their way move before the reader's eyes. */

import { useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { finishedStages, type Progress } from "../api/events";
import type { CallRow } from "../api/schema";
import { useProgress } from "../api/useProgress";
import { titleOf } from "../call/title";
import { CodeBadge, StatusBadge } from "../components/badge";
import { Table } from "../components/table";
import { clock, isoDuration, moment, money } from "../format";
import { callPath } from "../places";
import { reasonWords, settled } from "../words";
import { followed } from "./followed";

const COLUMNS = ["Call", "Status", "When", "Length", "Sentiment", "Outcome", "Cost"] as const;
const NUMBERS: readonly string[] = ["Length", "Cost"];

interface RowProps {
  readonly call: CallRow;
  readonly live: boolean;
  /** List the calls anew. */
  readonly again: () => void;
}

function Name({ call }: Pick<RowProps, "call">) {
  const { about } = call;
  const more = [about.company_name && about.customer, call.revision > 1 && `revision ${call.revision}`];
  return (
    <th scope="row">
      <Link class="row-link" href={callPath(call.call_id)}>
        {titleOf(call.call_id, about, call.created_at)}
      </Link>
      <p class="row-more">{call.error ? reasonWords(call.error) : more.filter(Boolean).join(" · ")}</p>
    </th>
  );
}

/** How far a call has come since it was listed; *again* lists it anew when a stage has made something of it. */
function useMoving({ call, live, again }: RowProps): CallRow {
  const [progress, setProgress] = useState<Progress | null>(null);
  const made = useRef(call.about.duration_ms === null ? "" : null); // null: what was made by then is listed
  const moved = (newer: Progress) => {
    setProgress(newer);
    if (made.current !== null && made.current !== finishedStages(newer)) again();
    made.current = finishedStages(newer);
  };
  useProgress(live ? call.call_id : null, moved, again);
  const isNewer = progress && Date.parse(progress.updated_at) >= Date.parse(call.updated_at);
  return isNewer ? { ...call, ...progress } : call;
}

function Row(row: RowProps) {
  const now = useMoving(row);
  const { about } = now;
  const at = about.started_at ?? now.created_at;
  return (
    <tr>
      <Name call={now} />
      <td>
        <StatusBadge status={now.status} parked={now.parked !== null} />
      </td>
      <td class="nowrap">
        <time dateTime={at}>{moment(at)}</time>
      </td>
      <td class="number">
        {about.duration_ms !== null && (
          <time dateTime={isoDuration(about.duration_ms)}>{clock(about.duration_ms)}</time>
        )}
      </td>
      <td>{about.sentiment && <CodeBadge code={about.sentiment} />}</td>
      <td>
        {about.call_outcome && about.call_outcome !== "unknown" && <CodeBadge code={about.call_outcome} />}
      </td>
      <td class="number">{now.cost_usd > 0 && money(now.cost_usd)}</td>
    </tr>
  );
}

export function CallsTable({
  calls,
  again,
}: {
  readonly calls: readonly CallRow[];
  readonly again: () => void;
}) {
  const live = followed(calls);
  return (
    <Table caption="Calls, newest first" columns={COLUMNS} numbers={NUMBERS}>
      {calls.map(call => (
        <Row
          key={call.call_id}
          call={call}
          live={live.has(call.call_id) && !settled(call.status)}
          again={again}
        />
      ))}
    </Table>
  );
}
