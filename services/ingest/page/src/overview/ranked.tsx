/** What most calls have in common: a row for each, with an example that plays; a row leads to a search. */

import { Link } from "wouter-preact";
import type { Subject } from "../api/schema";
import { CodeBadge } from "../components/badge";
import { PlayButton } from "../components/playButton";
import { count, counted, plain, quoted } from "../format";

interface RankedProps {
  readonly title: string;
  readonly subjects: readonly Subject[];
  readonly type: string;
  /** The first day that is looked at. */
  readonly since: string;
}

function States({ states }: { readonly states: Subject["states"] }) {
  const told = Object.entries(states).sort(([, a], [, b]) => b - a);
  return (
    <span class="ranked-states">
      {told.map(([state, calls]) => (
        <span key={state}>
          <CodeBadge code={state} /> <span class="row-more">{count(calls)}</span>
        </span>
      ))}
    </span>
  );
}

function Row({
  subject,
  most,
  href,
}: {
  readonly subject: Subject;
  readonly most: number;
  readonly href: string;
}) {
  const { example } = subject;
  return (
    <li>
      <div class="ranked-head">
        <Link href={href}>{plain(subject.subject)}</Link>
        <span class="row-more">{counted(subject.calls, "call")}</span>
      </div>
      <span class="ranked-bar" aria-hidden="true">
        <span style={{ width: `${(100 * subject.calls) / most}%` }} />
      </span>
      <States states={subject.states} />
      {example.quote && (
        <p class="ranked-quote">
          <PlayButton callId={example.call_id} title={example.call_id} fromMs={example.start_ms} />
          <q>{quoted(example.quote)}</q>
        </p>
      )}
    </li>
  );
}

export function Ranked({ title, subjects, type, since }: RankedProps) {
  const most = Math.max(...subjects.map(each => each.calls), 1);
  return (
    <section class="card ranked">
      <h2>{title}</h2>
      {subjects.length === 0 ? (
        <p class="muted">None in this period.</p>
      ) : (
        <ol>
          {subjects.map(subject => (
            <Row
              key={subject.subject}
              subject={subject}
              most={most}
              href={`/search?${new URLSearchParams({ q: plain(subject.subject), type, since })}`}
            />
          ))}
        </ol>
      )}
    </section>
  );
}
