/** Calls by sentiment, and costs, over the periods of a span. */

import type { CostsAnswer, InsightsAnswer } from "../api/schema";
import { pathOf } from "../calls/asked";
import { count, counted, money, plain } from "../format";
import { type Column, Columns } from "./columns";
import { beginning, type Interval, isoDay, lastDay, periodName, periods, type Span } from "./periods";

const MOODS = ["positive", "neutral", "mixed", "negative"] as const;

const nameOf = (begins: Date, by: Interval): string => periodName(begins, by);

const spoken = (begins: Date, by: Interval): string =>
  by === "week" ? `Week of ${nameOf(begins, by)}` : nameOf(begins, by);

function moods(begins: Date, span: Span, told: InsightsAnswer["trend"][number] | undefined): Column {
  const calls = told?.calls ?? 0;
  const known = MOODS.map(mood => [mood, told?.sentiment[mood] ?? 0] as const);
  const unknown = calls - known.reduce((sum, [, n]) => sum + n, 0);
  const words = known.filter(([, n]) => n > 0).map(([mood, n]) => `${count(n)} ${mood}`);
  return {
    key: isoDay(begins),
    name: nameOf(begins, span.by),
    told: [`${spoken(begins, span.by)}: ${counted(calls, "call")}`, ...words].join(", "),
    parts: [
      ...known.map(([mood, size]) => ({ size, tone: `felt-${mood}` })),
      { size: unknown, tone: "felt-unknown" },
    ],
    href: pathOf({ status: "", from: isoDay(begins), to: lastDay(begins, span.by), cursor: "" }),
  };
}

interface VolumeProps {
  readonly insights: InsightsAnswer;
  readonly span: Span;
  readonly now: Date;
}

export function Volume({ insights, span, now }: VolumeProps) {
  const told = new Map(insights.trend.map(each => [isoDay(new Date(each.begins)), each]));
  const columns = periods(span, now).map(begins => moods(begins, span, told.get(isoDay(begins))));
  return (
    <section class="card">
      <h2>Calls and how they went</h2>
      <Columns label={`Calls by ${span.by}`} columns={columns} top={most => counted(most, "call")} />
      <ul class="moods">
        {MOODS.map(mood => (
          <li key={mood}>
            <span class={`swatch felt-${mood}`} aria-hidden="true" />
            {plain(mood)} {count(insights.sentiment[mood] ?? 0)}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface CostsProps {
  readonly costs: CostsAnswer;
  readonly span: Span;
  readonly now: Date;
}

export function Spending({ costs, span, now }: CostsProps) {
  const spent = new Map<string, number>();
  for (const row of costs.rows) {
    const key = isoDay(beginning(new Date(row.day ?? 0), span.by));
    spent.set(key, (spent.get(key) ?? 0) + row.cost_usd);
  }
  const columns = periods(span, now).map(begins => {
    const usd = spent.get(isoDay(begins)) ?? 0;
    const told = `${spoken(begins, span.by)}: ${money(usd)}`;
    return {
      key: isoDay(begins),
      name: nameOf(begins, span.by),
      told,
      parts: [{ size: usd, tone: "spent" }],
    };
  });
  const open = costs.total.at_most_usd - costs.total.cost_usd;
  return (
    <section class="card">
      <h2>What it cost</h2>
      {columns.some(({ parts }) => parts.some(part => part.size > 0)) ? (
        <Columns label={`Costs by ${span.by}`} columns={columns} top={most => money(most)} />
      ) : (
        <p class="muted">Nothing was paid in this period.</p>
      )}
      {open > 0.005 && <p class="row-more">Up to {money(open)} more is not settled yet.</p>}
    </section>
  );
}
