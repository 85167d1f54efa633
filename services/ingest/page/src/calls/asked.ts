/** Which calls the reader asks for: kept in the page's address, so that it can be sent to somebody. */

import type { CallsAsked } from "../api/calls";

export const LIST_STATUSES = [
  "completed",
  "failed",
  "uploaded",
  "transcribing",
  "transcribed",
  "analyzing",
  "analyzed",
  "embedding",
] as const;

export interface Chosen {
  readonly status: string;
  /** Local dates, "2026-11-23"; both are meant as whole days. */
  readonly from: string;
  readonly to: string;
  readonly cursor: string;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

const dateIn = (query: URLSearchParams, name: string): string => {
  const text = query.get(name) ?? "";
  return DATE.test(text) && !Number.isNaN(Date.parse(text)) ? text : "";
};

export function chosenIn(search: string): Chosen {
  const query = new URLSearchParams(search);
  const status = query.get("status") ?? "";
  return {
    status: (LIST_STATUSES as readonly string[]).includes(status) ? status : "",
    from: dateIn(query, "from"),
    to: dateIn(query, "to"),
    cursor: query.get("cursor") ?? "",
  };
}

/** The address of a choice; whoever changes a filter starts at the newest again. */
export function pathOf(chosen: Chosen): string {
  const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
  return query.size > 0 ? `/?${query}` : "/";
}

/** Midnight, in the reader's time zone, at which a day begins, *later* days on. */
function dawn(date: string, later = 0): string {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  return new Date(year, month - 1, day + later).toISOString();
}

export const narrowed = ({ status, from, to }: Chosen): boolean => Boolean(status || from || to);

export function askedFor({ status, from, to, cursor }: Chosen): CallsAsked {
  return {
    limit: 25,
    ...(status ? { status } : {}),
    ...(from ? { since: dawn(from) } : {}),
    ...(to ? { until: dawn(to, 1) } : {}),
    ...(cursor ? { cursor } : {}),
  };
}
