/** A call that was found, and its passages: each plays, and leads to its moment. */

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { FoundCall, Passage } from "../api/schema";
import { useDoing } from "../api/useDoing";
import { titleOf } from "../call/title";
import { Badge, CodeBadge } from "../components/badge";
import { Marked } from "../components/highlighted";
import { PlayButton } from "../components/playButton";
import { Failure } from "../components/states";
import { clock, count, counted, moment, plain } from "../format";
import { callPath } from "../places";
import { speakerNumber, speakerWord, toneOf } from "../words";
import { shown, type Told } from "./passage";
import { MOST_PASSAGES, type Sought, unfolded } from "./searching";

interface LineProps {
  readonly line: Told;
  readonly speakers: readonly string[];
}

function Line({ line, speakers }: LineProps) {
  return (
    <p class={line.quiet ? "told quiet" : "told"}>
      {line.speaker && (
        <span class={`who speaker-${speakerNumber(line.speaker, speakers)}`}>
          {speakerWord(line.speaker)}
        </span>
      )}{" "}
      <Marked pieces={line.pieces} />
    </p>
  );
}

function Gap() {
  return (
    <p class="told quiet">
      <span aria-hidden="true">…</span>
      <span class="visually-hidden">Lines are left out here.</span>
    </p>
  );
}

function Finding({ passage }: { readonly passage: Passage }) {
  const { finding } = passage;
  if (!finding) return null;
  return (
    <p>
      <Badge word={plain(finding.type)} tone={finding.state ? toneOf(finding.state) : "none"} />
    </p>
  );
}

function Hit({ passage, title }: { readonly passage: Passage; readonly title: string }) {
  const { rows, startMs } = shown(passage);
  const beside = [...passage.before, ...passage.after].map(each => each.speaker);
  const speakers = [...new Set([...passage.speakers, ...beside])];
  return (
    <li class="hit">
      <PlayButton callId={passage.call_id} title={title} fromMs={startMs} untilMs={passage.end_ms} />
      <div>
        <Finding passage={passage} />
        {rows.map((row, n) => (row ? <Line key={n} line={row} speakers={speakers} /> : <Gap key={n} />))}
      </div>
      <Link class="hit-link" href={callPath(passage.call_id, startMs)}>
        Open<span class="visually-hidden"> {title}</span> at {clock(startMs)}
      </Link>
    </li>
  );
}

interface MoreProps {
  readonly call: FoundCall;
  readonly sought: Sought;
  readonly unfold: (call: FoundCall) => void;
}

/** The passages that are not shown yet; beyond what a search tells of a call, the call itself. */
function More({ call, sought, unfold }: MoreProps) {
  const { busy, problem, run } = useDoing();
  const left = call.passages - call.hits.length;
  if (left <= 0) return null;
  if (call.hits.length >= MOST_PASSAGES)
    return (
      <p class="row-more">
        These are the {count(call.hits.length)} best of {counted(call.passages, "passage")} in this call.
      </p>
    );
  const ask = () => run(unfolded(sought, call), unfold);
  return problem ? (
    <Failure problem={problem} again={ask} />
  ) : (
    <button type="button" class="button unfold" disabled={busy} onClick={ask}>
      {counted(left, "more passage")}
      <span class="visually-hidden"> in this call</span>
    </button>
  );
}

interface FoundProps {
  readonly call: FoundCall;
  readonly sought: Sought;
}

export function Found({ call: first, sought }: FoundProps) {
  const [call, unfold] = useState(first);
  const title = titleOf(call.call_id, call.facts);
  return (
    <article class="card found">
      <header>
        <h2>
          <Link href={callPath(call.call_id)}>{title}</Link>
        </h2>
        {call.facts.started_at && <p class="row-more">{moment(call.facts.started_at)}</p>}
        {call.facts.sentiment && <CodeBadge code={call.facts.sentiment} />}
      </header>
      <ol>
        {call.hits.map(hit => (
          <Hit key={hit.chunk_id} passage={hit} title={title} />
        ))}
      </ol>
      <More call={call} sought={sought} unfold={unfold} />
    </article>
  );
}
