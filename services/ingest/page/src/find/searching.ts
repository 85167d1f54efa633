/** The pages of one search, one after the other. */

import { useEffect, useState } from "preact/hooks";
import { api, told } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { FoundCall, SearchAnswer } from "../api/schema";
import { type Answer, useAnswer } from "../api/useAnswer";
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

async function page(sought: Sought, signal: AbortSignal, cursor?: string): Promise<SearchAnswer> {
  const query = { q: sought.q, mode: sought.mode, ...sought.filters, ...(cursor && { cursor }) };
  return (await told(api.GET("/api/v1/search", { params: { query }, signal }))) as SearchAnswer;
}

export interface Pages {
  readonly answer: Answer<SearchAnswer>;
  /** The calls of all pages so far. */
  readonly calls: readonly FoundCall[];
  readonly next: string | null;
  readonly more: () => void;
  readonly loadingMore: boolean;
  readonly problem: Problem | null;
}

interface Further {
  readonly calls: readonly FoundCall[];
  readonly next: string | null;
}

/** The first page at once, each further one when it is asked for. */
export function useSearch(sought: Sought): Pages {
  const key = JSON.stringify(sought);
  const answer = useAnswer(key, signal => page(sought, signal));
  const [further, setFurther] = useState<Further | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [loadingMore, setLoading] = useState(false);
  useEffect(() => {
    setFurther(null);
    setProblem(null);
  }, [key, answer.value]);
  const calls = [...(answer.value?.calls ?? []), ...(further?.calls ?? [])];
  const next = further ? further.next : (answer.value?.next ?? null);
  const more = () => {
    if (next === null || loadingMore) return;
    setLoading(true);
    page(sought, new AbortController().signal, next)
      .then(found =>
        setFurther({ calls: [...(further?.calls ?? []), ...found.calls], next: found.next ?? null }),
      )
      .catch(error => setProblem(asProblem(error)))
      .finally(() => setLoading(false));
  };
  return { answer, calls, next, more, loadingMore, problem };
}
