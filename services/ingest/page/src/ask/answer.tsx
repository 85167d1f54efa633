/** An answer: sentences, each with the words it rests on, which play. */

import { Link } from "wouter-preact";
import type { Quoted, Sentence } from "../api/schema";
import { PlayButton } from "../components/playButton";
import { Empty, Failure } from "../components/states";
import { count, counted, money, plain, quoted } from "../format";
import { callPath } from "../places";
import { speakerNumber } from "../words";
import { type Asked, pending, type Totals } from "./question";

function Cited({ cited }: { readonly cited: Quoted }) {
  return (
    <li class="cited">
      <PlayButton
        callId={cited.call_id}
        title={cited.call_id}
        fromMs={cited.start_ms}
        untilMs={cited.end_ms}
      />
      <p>
        <span class={`who speaker-${speakerNumber(cited.speaker, [cited.speaker])}`}>
          {plain(cited.speaker)}
        </span>{" "}
        <q>{quoted(cited.quote)}</q>{" "}
        <Link class="cited-link" href={callPath(cited.call_id, cited.start_ms)}>
          Open the call
        </Link>
      </p>
    </li>
  );
}

function Told({ sentence }: { readonly sentence: Sentence }) {
  return (
    <li class="sentence">
      <p>{sentence.text}</p>
      <ul aria-label="Where it was said">
        {sentence.citations.map((cited, n) => (
          <Cited key={n} cited={cited} />
        ))}
      </ul>
    </li>
  );
}

const looked = ({ retrieved }: Asked): string =>
  retrieved ? `${counted(retrieved.utterances, "utterance")} of ${counted(retrieved.calls, "call")}` : "";

function costOf(totals: Totals): string {
  if (totals.remembered) return "answered before, so it cost nothing";
  return totals.cost_usd === null
    ? "cost not known"
    : totals.cost_usd === 0
      ? "cost nothing"
      : money(totals.cost_usd);
}

function Foot({ asked, totals }: { readonly asked: Asked; readonly totals: Totals }) {
  const dropped =
    totals.dropped > 0 && `${counted(totals.dropped, "sentence")} could not be verified and left out`;
  const told = [looked(asked) && `Read ${looked(asked)}`, dropped, totals.model, costOf(totals)];
  return (
    <>
      {totals.cut_off && <p class="note tone-warn">The answer reached its longest length and was cut off.</p>}
      <p class="row-more answer-foot">{told.filter(Boolean).join(" · ")}</p>
    </>
  );
}

function Progress({ asked }: { readonly asked: Asked }) {
  const what = asked.retrieved ? `Reading ${looked(asked)}` : "Looking for what was said about it";
  return (
    <p class="answer-progress" role="status">
      <span class="spinner" aria-hidden="true" />
      {asked.sentences.length ? `Verified ${count(asked.sentences.length)} so far` : what}…
    </p>
  );
}

function Unanswered({ model }: { readonly model: string | null }) {
  return (
    <Empty title="The calls do not say.">
      <p>
        No sentence of the calls could be quoted as an answer. Ask in other words, or about a longer period.
      </p>
      {model === "local-rules" && (
        <p>
          Rules answer here: they find what was said in nearly the same words. A language model answers more.
        </p>
      )}
    </Empty>
  );
}

interface AnswerProps {
  readonly asked: Asked;
  readonly stop: () => void;
  /** null while another question is under way. */
  readonly again: (() => void) | null;
}

export function Answer({ asked, stop, again }: AnswerProps) {
  return (
    <article class="card answer" aria-busy={pending(asked)}>
      <h2>{asked.question}</h2>
      <ol aria-live="polite">
        {asked.sentences.map((sentence, n) => (
          <Told key={n} sentence={sentence} />
        ))}
      </ol>
      {asked.totals?.answered === false && <Unanswered model={asked.totals.model} />}
      {asked.problem && <Failure problem={asked.problem} {...(again ? { again } : {})} />}
      {asked.stopped && <p class="row-more">You stopped this answer.</p>}
      {asked.totals && <Foot asked={asked} totals={asked.totals} />}
      {pending(asked) && (
        <div class="answer-wait">
          <Progress asked={asked} />
          <button type="button" class="button" onClick={stop}>
            Stop
          </button>
        </div>
      )}
    </article>
  );
}
