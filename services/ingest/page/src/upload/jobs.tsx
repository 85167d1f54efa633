/** What became of each recording that was handed in: on its way, through the stages, or refused. */

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { Progress } from "../api/events";
import { useProgress } from "../api/useProgress";
import { Steps } from "../call/timeline";
import { StatusBadge } from "../components/badge";
import { Icon } from "../components/icon";
import { Wrong } from "../components/states";
import { bytes, percent } from "../format";
import { callPath } from "../places";
import { reasonWords } from "../words";
import { again, type Job, jobs, remove, underWay } from "./queue";

function Sent({ callId }: { readonly callId: string }) {
  const [call, setCall] = useState<Progress | null>(null);
  const [over, setOver] = useState(false);
  useProgress(over ? null : callId, setCall, () => setOver(true));
  return (
    <>
      <p class="job-status" role="status">
        {call && <StatusBadge status={call.status} parked={call.parked !== null} />}{" "}
        <Link href={callPath(callId)}>Open the call</Link>
      </p>
      {call && <Steps call={call} />}
      {call?.error && <p class="note tone-bad">{reasonWords(call.error)}</p>}
    </>
  );
}

function Sending({ job }: { readonly job: Job }) {
  const share = job.sent / Math.max(1, job.file.size);
  const told =
    share >= 1 ? "Checking" : `${percent(Math.floor(share * 100) / 100)} of ${bytes(job.file.size)}`;
  return (
    <>
      <progress
        class="progress"
        value={job.sent}
        max={job.file.size}
        aria-label={`Uploading ${job.file.name}`}
      />
      <p class="muted small">{told}</p>
    </>
  );
}

function Refused({ job }: { readonly job: Job }) {
  return (
    <div class="note tone-bad" role="alert">
      <p>{job.problem?.detail}</p>
      {job.problem && <Wrong problem={job.problem} />}
      {job.state === "failed" && (
        <button type="button" class="button" onClick={() => again(job.id)}>
          Try again
        </button>
      )}
    </div>
  );
}

function Card({ job }: { readonly job: Job }) {
  return (
    <li class="card job">
      <div class="job-head">
        <h2>{job.file.name}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={underWay(job) ? `Stop ${job.file.name}` : `Take ${job.file.name} off this list`}
          onClick={() => remove(job.id)}
        >
          <Icon name="close" />
        </button>
      </div>
      {job.state === "waiting" && <p class="muted small">Waits for its turn · {bytes(job.file.size)}</p>}
      {job.state === "sending" && <Sending job={job} />}
      {(job.state === "failed" || job.state === "refused") && <Refused job={job} />}
      {job.callId && <Sent callId={job.callId} />}
    </li>
  );
}

export function Jobs() {
  return (
    <ul class="jobs">
      {jobs.value.toReversed().map(job => (
        <Card key={job.id} job={job} />
      ))}
    </ul>
  );
}
