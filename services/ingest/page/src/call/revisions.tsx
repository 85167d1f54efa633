/** The call's revisions, from the newest back. */

import { Link } from "wouter-preact";
import { listRevisions } from "../api/calls";
import { useAnswer } from "../api/useAnswer";
import { StatusBadge } from "../components/badge";
import { Answered } from "../components/states";
import { counted, moment } from "../format";
import { callPath } from "../places";

interface RevisionsProps {
  readonly callId: string;
  readonly shown: number;
  readonly newest: number;
}

export function RevisionsCard({ callId, shown, newest }: RevisionsProps) {
  const answer = useAnswer(`${callId} ${newest}`, signal => listRevisions(callId, signal));
  return (
    <section class="card" aria-labelledby="revisions">
      <h2 id="revisions">Revisions</h2>
      <Answered answer={answer} what="Loading the revisions">
        {({ revisions }) => (
          <ol class="revisions">
            {revisions.map((each, n) => (
              <li key={each.revision}>
                <Link
                  href={callPath(callId, null, n === 0 ? null : each.revision)}
                  aria-current={each.revision === shown ? "true" : undefined}
                >
                  Revision {each.revision}
                </Link>{" "}
                <StatusBadge status={each.status} />
                <p class="muted small">
                  {moment(each.created_at)} · {counted(each.findings, "finding")}
                  {each.model && ` · ${each.model}`}
                </p>
              </li>
            ))}
          </ol>
        )}
      </Answered>
    </section>
  );
}
