/** An answer of the API in a component: loading, failed, or here. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "./problem";

export interface Answer<T> {
  /** The newest value; kept while a newer one of the same question is on its way. */
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
  readonly again: () => void;
  readonly set: (value: T) => void;
}

interface State<T> {
  readonly key: string;
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
}

/** Load whenever *key* changes or *again* is called; an answer that comes too late is thrown away. */
export function useAnswer<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [state, setState] = useState<State<T>>({ key, value: null, problem: null, loading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    const abort = new AbortController();
    const settle = (found: Partial<State<T>>) => {
      if (!abort.signal.aborted) setState(old => ({ ...old, problem: null, loading: false, ...found }));
    };
    setState(old => ({ key, value: old.key === key ? old.value : null, problem: null, loading: true }));
    latest.current(abort.signal).then(
      value => settle({ value }),
      error => settle({ problem: asProblem(error) }),
    );
    return () => abort.abort();
  }, [key, round]);

  const again = useCallback(() => setRound(old => old + 1), []);
  const set = useCallback((value: T) => setState(old => ({ ...old, value })), []);
  const fresh = state.key === key;
  return {
    value: fresh ? state.value : null,
    problem: fresh ? state.problem : null,
    loading: !fresh || state.loading,
    again,
    set,
  };
}
