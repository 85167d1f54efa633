/** What follows from the call: summary, findings, scorecard. */

import type { AnalysisAnswer, UtteranceAnswer } from "../api/schema";
import { CodeBadge } from "../components/badge";
import { counted, plain } from "../format";
import { categories, grouped, scored } from "./findings";
import { Finding, FindingGroup, type Of } from "./quotes";
import { SentimentCard } from "./sentiment";

interface InsightsProps {
  readonly of: Of;
  readonly analysis: AnalysisAnswer;
  readonly lines: readonly UtteranceAnswer[];
  readonly durationMs: number;
}

function Summary({ analysis }: { readonly analysis: AnalysisAnswer }) {
  const insights = analysis.insights;
  if (!insights) return null;
  const matched = categories(analysis);
  return (
    <section class="card" aria-labelledby="summary">
      <h2 id="summary">Summary</h2>
      <p class="summary">{insights.summary}</p>
      <dl class="facts">
        <div>
          <dt>Outcome</dt>
          <dd>
            <CodeBadge code={insights.call_outcome} />
          </dd>
        </div>
        <div>
          <dt>Sentiment</dt>
          <dd>
            <CodeBadge code={insights.sentiment.overall} />
          </dd>
        </div>
        <div>
          <dt>Engagement</dt>
          <dd>{plain(insights.engagement_level)}</dd>
        </div>
        <div>
          <dt>Kind</dt>
          <dd>{plain(insights.call_type)}</dd>
        </div>
      </dl>
      {matched.length > 0 && <p class="small muted">{matched.join(" · ")}</p>}
    </section>
  );
}

function Scorecard({ of, analysis }: { readonly of: Of; readonly analysis: AnalysisAnswer }) {
  const rows = scored(analysis);
  if (rows.length === 0) return null;
  return (
    <section class="card" aria-labelledby="scorecard">
      <h2 id="scorecard">Scorecard</h2>
      <ul class="findings">
        {rows.map(row => (
          <Finding key={row.text} of={of} item={row} />
        ))}
      </ul>
    </section>
  );
}

export function Insights({ of, analysis, lines, durationMs }: InsightsProps) {
  const insights = analysis.insights;
  if (!insights) return <p class="note">Nothing was said in this call, so nothing follows from it.</p>;
  return (
    <>
      <Summary analysis={analysis} />
      <SentimentCard sentiment={insights.sentiment} lines={lines} durationMs={durationMs} />
      {grouped(insights).map(group => (
        <FindingGroup key={group.id} of={of} group={group} />
      ))}
      <Scorecard of={of} analysis={analysis} />
      {analysis.unverified > 0 && (
        <p class="muted small">
          {counted(analysis.unverified, "finding")} left out: what{" "}
          {analysis.unverified === 1 ? "it rests" : "they rest"} on was not found in the transcript.
        </p>
      )}
    </>
  );
}
