/** The pages of one search, one after the other. */

import { api, told } from "../api/client";
import type { FoundCall, SearchAnswer } from "../api/schema";
import { type Pages, usePages } from "../api/usePages";
import type { Narrowing } from "./narrowing";

export const MODES = [
  ["hybrid", "Words and meaning"],
  ["words", "Words"],
  ["meaning", "Meaning"],
] as const;
export type Mode = (typeof MODES)[number][0];

export const modeOf = (name: string | null): Mode => MODES.find(([mode]) => mode === name)?.[0] ?? "hybrid";

export interface Sought {
  readonly q: string;
  readonly mode: Mode;
  readonly filters: Narrowing;
}

interface Cut {
  readonly cursor?: string;
  /** Of each call, at most. */
  readonly passages?: number;
}

async function page(sought: Sought, signal: AbortSignal, cut: Cut): Promise<SearchAnswer> {
  const query = { q: sought.q, mode: sought.mode, ...sought.filters, ...cut };
  return (await told(api.GET("/api/v1/search", { params: { query }, signal }))) as SearchAnswer;
}

export const useSearch = (sought: Sought): Pages<SearchAnswer> =>
  usePages(JSON.stringify(sought), (signal, cursor) => page(sought, signal, cursor ? { cursor } : {}));

export const MOST_PASSAGES = 20; // of a call, as the API tells them

/** A call that was found, with as many of its passages as the API tells. */
export async function unfolded(sought: Sought, call: FoundCall): Promise<FoundCall> {
  const filters = { ...sought.filters, call_id: [call.call_id] };
  const never = new AbortController().signal;
  const { calls } = await page({ ...sought, filters }, never, { passages: MOST_PASSAGES });
  return calls[0] ?? call;
}
