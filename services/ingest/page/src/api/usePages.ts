/** A list that comes page by page: the first at once, each further one when it is asked for. */

import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "./problem";
import { type Answer, useAnswer } from "./useAnswer";

interface Page {
  readonly next?: string | null;
}

export interface Pages<P extends Page> {
  readonly answer: Answer<P>;
  /** All pages so far, the first of them included. */
  readonly pages: readonly P[];
  /** null where there is no further page. */
  readonly more: (() => void) | null;
  readonly loadingMore: boolean;
  /** Why the further page did not come. */
  readonly problem: Problem | null;
}

export function usePages<P extends Page>(
  key: string,
  load: (signal: AbortSignal, cursor?: string) => Promise<P>,
): Pages<P> {
  const answer = useAnswer(key, signal => load(signal));
  const [further, setFurther] = useState<readonly P[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [loadingMore, setLoading] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => {
    setFurther([]);
    setProblem(null);
    setLoading(false);
    return () => running.current?.abort();
  }, [key, answer.value]);
  const pages = answer.value ? [answer.value, ...further] : [];
  const next = pages.at(-1)?.next;
  const more = () => {
    running.current = new AbortController();
    const { signal } = running.current;
    setLoading(true);
    setProblem(null);
    load(signal, next!)
      .then(page => signal.aborted || setFurther([...further, page]))
      .catch(error => signal.aborted || setProblem(asProblem(error)))
      .finally(() => signal.aborted || setLoading(false));
  };
  return { answer, pages, more: next ? more : null, loadingMore, problem };
}
