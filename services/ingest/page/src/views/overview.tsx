/** Overview: what the calls of a period amount to. */

import "../styles/find.css";
import "../styles/overview.css";
import { Link, useSearchParams } from "wouter-preact";
import { api, told } from "../api/client";
import type { CostsAnswer, InsightsAnswer } from "../api/schema";
import { may } from "../api/session";
import { useAnswer } from "../api/useAnswer";
import { Heading } from "../components/heading";
import { Answered, Empty } from "../components/states";
import { count, money, percent } from "../format";
import { Spending, Volume } from "../overview/charts";
import { beginning, isoDay, periods, SPANS, type Span, spanOf } from "../overview/periods";
import { Ranked } from "../overview/ranked";

const ROWS = 6;
const COST_ROWS = 400; // a year's days

interface Amounts {
  readonly insights: InsightsAnswer;
  /** null for who may not see them. */
  readonly costs: CostsAnswer | null;
}

async function amounts(span: Span, now: Date, signal: AbortSignal): Promise<Amounts> {
  const since = periods(span, now)[0] ?? beginning(now, span.by);
  const counted = told(
    api.GET("/api/v1/insights", {
      params: { query: { since: since.toISOString(), by: span.by, top: ROWS } },
      signal,
    }),
  );
  const query = { since: isoDay(since), by: ["day"] as ["day"], limit: COST_ROWS };
  const spent = may("costs") ? told(api.GET("/api/v1/costs", { params: { query }, signal })) : null;
  const [insights, costs] = await Promise.all([counted, spent]);
  return { insights: insights as InsightsAnswer, costs: costs as CostsAnswer | null };
}

function Picker({ span }: { readonly span: Span }) {
  return (
    <ul class="actions" aria-label="Period">
      {SPANS.map(each => (
        <li key={each.days}>
          <Link
            class="chip"
            href={`/overview?days=${each.days}`}
            aria-current={each === span ? "true" : undefined}
            replace
          >
            {each.name}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="card figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Figures({ insights, costs }: Amounts) {
  const share = (mood: string) =>
    percent(Math.round((100 * (insights.sentiment[mood] ?? 0)) / insights.calls) / 100);
  return (
    <dl class="figures">
      <Figure name="Calls" value={count(insights.calls)} />
      <Figure name="Positive" value={share("positive")} />
      <Figure name="Negative" value={share("negative")} />
      {costs && <Figure name="Spent" value={money(costs.total.cost_usd)} />}
    </dl>
  );
}

function Amounting({
  found,
  span,
  now,
}: {
  readonly found: Amounts;
  readonly span: Span;
  readonly now: Date;
}) {
  const { insights, costs } = found;
  const since = isoDay(periods(span, now)[0] ?? now);
  if (insights.calls === 0) {
    return (
      <Empty title="No calls in this period.">
        <p>Choose a longer one, or upload a recording.</p>
        <Link class="button" href="/upload">
          Upload
        </Link>
      </Empty>
    );
  }
  return (
    <div class="stack">
      <Figures insights={insights} costs={costs} />
      <Volume insights={insights} span={span} now={now} />
      <div class="ranks">
        <Ranked title="Pain points" subjects={insights.pain_points} type="pain_point" since={since} />
        <Ranked title="Objections" subjects={insights.objections} type="objection" since={since} />
        <Ranked title="Competitors" subjects={insights.competitors} type="competitor" since={since} />
        <Ranked title="Topics" subjects={insights.topics} type="topic" since={since} />
      </div>
      {costs && <Spending costs={costs} span={span} now={now} />}
    </div>
  );
}

export function OverviewView() {
  const [query] = useSearchParams();
  const span = spanOf(query.get("days"));
  const now = new Date();
  const answer = useAnswer(`overview:${span.days}`, signal => amounts(span, now, signal));
  return (
    <>
      <Heading title="Overview">
        <Picker span={span} />
      </Heading>
      <Answered answer={answer} what="Counting">
        {found => <Amounting found={found} span={span} now={now} />}
      </Answered>
    </>
  );
}
