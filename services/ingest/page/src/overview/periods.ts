/** The days, weeks or months of a span, in UTC as the API counts them. */

export type Interval = "day" | "week" | "month";

export interface Span {
  readonly name: string;
  readonly days: number;
  readonly by: Interval;
}

export const SPANS: readonly Span[] = [
  { name: "7 days", days: 7, by: "day" },
  { name: "30 days", days: 30, by: "day" },
  { name: "90 days", days: 90, by: "week" },
  { name: "A year", days: 365, by: "month" },
];

export const spanOf = (days: string | null): Span =>
  SPANS.find(each => String(each.days) === days) ?? SPANS[1]!;

const DAY = 86_400_000; // ms
const MONDAY = 4; // days after the epoch, which was a Thursday

/** Where the period begins in which an instant lies. */
export function beginning(at: Date, by: Interval): Date {
  if (by === "month") return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
  const day = Math.floor(at.getTime() / DAY);
  return new Date((by === "week" ? day - ((day - MONDAY) % 7) : day) * DAY);
}

/** Where the next period begins. */
export function next(begins: Date, by: Interval): Date {
  if (by === "month") return new Date(Date.UTC(begins.getUTCFullYear(), begins.getUTCMonth() + 1, 1));
  return new Date(begins.getTime() + (by === "week" ? 7 : 1) * DAY);
}

/** Every period of the span that ends now, empty ones included, oldest first. */
export function periods(span: Span, now: Date): Date[] {
  const found: Date[] = [];
  const first = new Date(now.getTime() - (span.days - 1) * DAY);
  for (let at = beginning(first, span.by); at <= now; at = next(at, span.by)) found.push(at);
  return found;
}

/** A day of the UTC calendar, as the API and the page's addresses have it. */
export const isoDay = (at: Date): string => at.toISOString().slice(0, 10);

/** The last day of the period that begins then. */
export const lastDay = (begins: Date, by: Interval): string =>
  isoDay(new Date(next(begins, by).getTime() - DAY));

/** What a period is called: "16 Nov", "November 2026". */
export function periodName(begins: Date, by: Interval, language?: string): string {
  const options: Intl.DateTimeFormatOptions =
    by === "month" ? { month: "long", year: "numeric" } : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(begins);
}
