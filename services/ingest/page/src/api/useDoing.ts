/** Something that a press of a button does: under way, done, or why not. */

import { useState } from "preact/hooks";
import { asProblem, type Problem } from "./problem";

export interface Doing {
  readonly busy: boolean;
  readonly problem: Problem | null;
  readonly run: <T>(doing: Promise<T>, done: (value: T) => void) => void;
}

export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run: Doing["run"] = (doing, done) => {
    setBusy(true);
    setProblem(null);
    doing
      .then(done)
      .catch(error => setProblem(asProblem(error)))
      .finally(() => setBusy(false));
  };
  return { busy, problem, run };
}
