/** The list of calls, a line each; those on their way move before the reader's eyes. */

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { Progress } from "../api/events";
import type { CallRow } from "../api/schema";
import { useProgress } from "../api/useProgress";
import { titleOf } from "../call/title";
import { CodeBadge, StatusBadge } from "../components/badge";
import { clock, isoDuration, moment, money, when } from "../format";
import { callPath } from "../places";
import { reasonWords, settled } from "../words";
import { followed, newestOf } from "./followed";

const COLUMNS = ["Call", "Status", "When", "Length", "Sentiment", "Outcome", "Cost"] as const;
const NUMBERS: readonly string[] = ["Length", "Cost"];

interface RowProps {
  readonly call: CallRow;
  readonly live: boolean;
  /** A newer revision of the call is in the list, too. */
  readonly older: boolean;
  readonly ended: () => void;
}

function Name({ call, older }: Pick<RowProps, "call" | "older">) {
  const { about } = call;
  const more = [
    about.company_name && about.customer,
    (older || call.revision > 1) && `revision ${call.revision}`,
  ];
  return (
    <th scope="row">
      <Link class="row-link" href={callPath(call.call_id, null, older ? call.revision : null)}>
        {titleOf(call.call_id, about, call.created_at)}
      </Link>
      <p class="row-more">{call.error ? reasonWords(call.error) : more.filter(Boolean).join(" · ")}</p>
    </th>
  );
}

function Row({ call, live, older, ended }: RowProps) {
  const [progress, setProgress] = useState<Progress | null>(null);
  useProgress(live ? call.call_id : null, setProgress, ended);
  const now = progress && progress.updated_at > call.updated_at ? { ...call, ...progress } : call;
  const { about } = call;
  const at = about.started_at ?? call.created_at;
  return (
    <tr>
      <Name call={now} older={older} />
      <td>
        <StatusBadge status={now.status} parked={now.parked !== null} />
      </td>
      <td class="nowrap">
        <time dateTime={at} title={moment(at)}>
          {when(at, new Date())}
        </time>
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
  ended,
}: {
  readonly calls: readonly CallRow[];
  readonly ended: () => void;
}) {
  const live = followed(calls);
  const newest = newestOf(calls);
  return (
    <table class="table">
      <caption class="visually-hidden">Calls, newest first</caption>
      <thead>
        <tr>
          {COLUMNS.map(name => (
            <th key={name} scope="col" class={NUMBERS.includes(name) ? "number" : undefined}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {calls.map(call => (
          <Row
            key={`${call.call_id} ${call.revision}`}
            call={call}
            older={call.revision < (newest.get(call.call_id) ?? 0)}
            live={live.has(call.call_id) && !settled(call.status)}
            ended={ended}
          />
        ))}
      </tbody>
    </table>
  );
}
