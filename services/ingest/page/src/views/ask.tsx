/** Ask: a question answered from what was said, sentence by sentence, each with its proof. */

import "../styles/ask.css";
import "../styles/find.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";
import { Answer } from "../ask/answer";
import { type Asked, ask, pending } from "../ask/question";
import { Heading } from "../components/heading";
import { Icon } from "../components/icon";
import { Empty } from "../components/states";
import { Narrow } from "../find/narrow";
import { addressed, narrowing } from "../find/narrowing";
import { askPath, callPath } from "../places";
import { resumeAt } from "../resuming";

// the local rules find these in the call that `make run` brings: tests/unit/onebox/test_suggestions.py
const EXAMPLES = [
  "Which discount did we offer?",
  "What budget do customers have?",
  "Which competitors are cheaper?",
];

interface FormProps {
  readonly query: URLSearchParams;
  readonly busy: boolean;
  readonly submit: (question: string, narrowed: URLSearchParams) => void;
}

function About({ callIds }: { readonly callIds: readonly string[] }) {
  return (
    <p class="note">
      Only about{" "}
      {callIds.map(id => (
        <Link key={id} href={callPath(id)}>
          this call
        </Link>
      ))}
      . <Link href="/ask">Ask about all calls</Link>
    </p>
  );
}

function Question({ query, busy, submit }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const callIds = query.getAll("call_id");
  const send = () => {
    if (!form.current?.reportValidity() || busy) return;
    const given = addressed(
      form.current,
      callIds.map(id => ["call_id", id] as const),
    );
    const question = given.get("q") ?? "";
    given.delete("q");
    if (question) submit(question, given);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const submitted = (event: Event) => {
    event.preventDefault();
    send();
  };
  return (
    <form ref={form} class="find" onSubmit={submitted}>
      {callIds.length > 0 && <About callIds={callIds} />}
      <div class="find-row">
        <textarea
          class="input"
          name="q"
          rows={2}
          maxLength={1000}
          required
          aria-label="Your question"
          placeholder="What do you want to know?"
          defaultValue={query.get("q") ?? ""}
          onKeyDown={pressed}
        />
        <button type="submit" class="button primary" disabled={busy}>
          <Icon name="ask" />
          Ask
        </button>
      </div>
      <Narrow query={query} />
    </form>
  );
}

function Suggestions({ choose }: { readonly choose: (question: string) => void }) {
  return (
    <Empty title="Ask your calls.">
      <p>Every sentence of an answer quotes what was said, and plays it. What nobody said is not answered.</p>
      <div class="actions suggestions">
        {EXAMPLES.map(each => (
          <button key={each} type="button" class="chip" onClick={() => choose(each)}>
            {each}
          </button>
        ))}
      </div>
    </Empty>
  );
}

interface Round {
  readonly asked: Asked;
  /** By what it was narrowed, so that it can be asked again. */
  readonly narrowed: URLSearchParams;
}

export function AskView() {
  const [query] = useSearchParams();
  const [rounds, setRounds] = useState<readonly Round[]>([]);
  const running = useRef<AbortController | null>(null);
  const leave = () => {
    running.current?.abort();
    resumeAt(null);
  };
  useEffect(() => leave, []);

  const submit = (question: string, narrowed: URLSearchParams, before = rounds) => {
    running.current?.abort();
    running.current = new AbortController();
    resumeAt(askPath(question, narrowed));
    const tell = (asked: Asked) => setRounds([{ asked, narrowed }, ...before]);
    void ask(question, narrowing(narrowed), running.current.signal, tell);
  };
  const askAgain = (round: Round) => () =>
    submit(
      round.asked.question,
      round.narrowed,
      rounds.filter(each => each !== round),
    );
  const stop = () => running.current?.abort();
  const busy = rounds[0] !== undefined && pending(rounds[0].asked);
  return (
    <>
      <Heading title="Ask" />
      <Question key={query.toString()} query={query} busy={busy} submit={submit} />
      <div class="stack">
        {rounds.map((round, n) => (
          <Answer
            key={rounds.length - n}
            asked={round.asked}
            stop={stop}
            again={busy ? null : askAgain(round)}
          />
        ))}
      </div>
      {rounds.length === 0 && <Suggestions choose={question => submit(question, query)} />}
    </>
  );
}
