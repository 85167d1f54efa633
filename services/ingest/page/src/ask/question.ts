/** One question and what has come of its answer so far. */

import { asProblem, type Problem, problemOf } from "../api/problem";
import type { AskAnswer, Sentence } from "../api/schema";
import { type ServerEvent, streamed } from "../api/stream";
import type { Narrowing } from "../find/narrowing";

export interface Retrieved {
  readonly calls: number;
  readonly utterances: number;
}

export type Totals = Omit<AskAnswer, "question" | "sentences">;

export interface Asked {
  readonly question: string;
  readonly retrieved: Retrieved | null;
  readonly sentences: readonly Sentence[];
  readonly totals: Totals | null;
  readonly problem: Problem | null;
  /** The reader ended it. */
  readonly stopped: boolean;
}

export const asking = (question: string): Asked => ({
  question,
  retrieved: null,
  sentences: [],
  totals: null,
  problem: null,
  stopped: false,
});

export const pending = (asked: Asked): boolean => !asked.totals && !asked.problem && !asked.stopped;

/** The answer with what one more event tells. */
export function after(asked: Asked, event: ServerEvent): Asked {
  switch (event.event) {
    case "retrieved":
      return { ...asked, retrieved: JSON.parse(event.data) as Retrieved };
    case "sentence":
      return { ...asked, sentences: [...asked.sentences, JSON.parse(event.data) as Sentence] };
    case "done":
      return { ...asked, totals: JSON.parse(event.data) as Totals };
    case "error": {
      const { status = 500 } = JSON.parse(event.data) as { status?: number };
      return { ...asked, problem: problemOf(status, event.data, null, Date.now()) };
    }
    default:
      return asked;
  }
}

function bodyOf(question: string, narrowed: Narrowing): unknown {
  const { agent, sentiment, type, call_id, ...period } = narrowed;
  return {
    question,
    ...period,
    ...(agent && { agents: agent }),
    ...(sentiment && { sentiments: sentiment }),
    ...(type && { finding_types: type }),
    ...(call_id && { call_ids: call_id }),
  };
}

/** Ask, and tell of the answer whenever more of it is known. */
export async function ask(
  question: string,
  narrowed: Narrowing,
  signal: AbortSignal,
  tell: (asked: Asked) => void,
): Promise<void> {
  let asked = asking(question);
  const now = (newer: Asked) => {
    asked = newer;
    tell(asked);
  };
  now(asked);
  try {
    await streamed("/api/v1/ask", bodyOf(question, narrowed), signal, event => now(after(asked, event)));
    if (pending(asked)) now({ ...asked, problem: problemOf(502, "", null, Date.now()) });
  } catch (error) {
    now(signal.aborted ? { ...asked, stopped: true } : { ...asked, problem: asProblem(error) });
  }
}
