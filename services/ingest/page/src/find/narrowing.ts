/** By what a search or a question is narrowed, as the page's address keeps it. */

export const SENTIMENTS = ["positive", "neutral", "negative", "mixed"] as const;

export const FINDINGS = [
  ["pain_point", "Pain points"],
  ["objection", "Objections"],
  ["competitor", "Competitors"],
  ["topic", "Topics"],
  ["next_step", "Next steps"],
  ["commitment", "Commitments"],
  ["question", "Questions"],
  ["entity", "Names and numbers"],
] as const;

export type Sentiment = (typeof SENTIMENTS)[number];
export type FindingKind = (typeof FINDINGS)[number][0];

export interface Narrowing {
  readonly since?: string;
  readonly until?: string;
  readonly agent?: string[];
  readonly sentiment?: Sentiment[];
  readonly type?: FindingKind[];
  readonly call_id?: string[];
}

/** The names under which the address keeps them; dates are the reader's days. */
export const NAMES = ["since", "until", "agent", "sentiment", "type", "call_id"] as const;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The instant at which a day begins for the reader, *later* days on; null for what is no day. */
export function dayBegins(day: string | null, later = 0): string | null {
  if (!day || !DAY.test(day)) return null;
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** A day of the reader's calendar, as a date field has it. */
export function dayOf(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** What an address narrows by; what it does not know is left out. `until` is the last day, told as its end. */
export function narrowing(query: URLSearchParams): Narrowing {
  const since = dayBegins(query.get("since"));
  const until = dayBegins(query.get("until"), 1);
  const agent = query.get("agent")?.trim();
  const sentiment = SENTIMENTS.find(each => each === query.get("sentiment"));
  const type = FINDINGS.find(([name]) => name === query.get("type"))?.[0];
  const calls = query.getAll("call_id");
  return {
    ...(since && { since }),
    ...(until && { until }),
    ...(agent && { agent: [agent] }),
    ...(sentiment && { sentiment: [sentiment] }),
    ...(type && { type: [type] }),
    ...(calls.length > 0 && { call_id: calls }),
  };
}

/** The fields of a form that say something, as an address. */
export function addressed(
  form: HTMLFormElement,
  kept: readonly (readonly [string, string])[] = [],
): URLSearchParams {
  const given = [...new FormData(form)].flatMap(([name, value]) =>
    typeof value === "string" && value.trim() ? [[name, value.trim()] as const] : [],
  );
  return new URLSearchParams([...given, ...kept].map(each => [...each]));
}
