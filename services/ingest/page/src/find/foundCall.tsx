/** A call that was found, and its passages: each plays, and leads to its moment. */

import { Link } from "wouter-preact";
import type { FoundCall, Passage } from "../api/schema";
import { titleOf } from "../call/title";
import { Badge, CodeBadge } from "../components/badge";
import { Highlighted } from "../components/highlighted";
import { PlayButton } from "../components/playButton";
import { clock, counted, plain, when } from "../format";
import { callPath } from "../places";
import { speakerNumber, toneOf } from "../words";

interface Line {
  readonly speaker: string | null;
  readonly text: string;
}

/** "customer: Too slow." is a line of the customer's; *speakers* are the only ones there are. */
export function lineOf(text: string, speakers: readonly string[]): Line {
  const speaker = speakers.find(each => text.startsWith(`${each}: `)) ?? null;
  return { speaker, text: speaker === null ? text : text.slice(speaker.length + 2) };
}

function Told({ line, quiet = false }: { readonly line: Line; readonly quiet?: boolean }) {
  return (
    <p class={quiet ? "told quiet" : "told"}>
      {line.speaker && (
        <span class={`who speaker-${speakerNumber(line.speaker, [line.speaker])}`}>
          {plain(line.speaker)}
        </span>
      )}
      <Highlighted text={line.text} />
    </p>
  );
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Where words were marked, those; else the passage as it is. */
function linesOf(passage: Passage): Line[] {
  const marked = passage.highlights.some(each => each.includes("<em>"));
  const texts = marked ? passage.highlights : [escaped(passage.text)];
  const said = passage.finding && `${plain(passage.finding.type)}: `; // the badge says so already
  return texts
    .flatMap(text => text.split("\n"))
    .map(text => lineOf(said && text.startsWith(said) ? text.slice(said.length) : text, passage.speakers));
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
  const around = (side: Passage["before"]) =>
    passage.finding
      ? null
      : side.map(each => <Told key={each.id} quiet line={{ ...each, text: escaped(each.text) }} />);
  return (
    <li class="hit">
      <PlayButton callId={passage.call_id} title={title} fromMs={passage.start_ms} untilMs={passage.end_ms} />
      <div>
        <Finding passage={passage} />
        {around(passage.before)}
        {linesOf(passage).map((line, n) => (
          <Told key={n} line={line} />
        ))}
        {around(passage.after)}
      </div>
      <Link class="hit-link" href={callPath(passage.call_id, passage.start_ms)}>
        Open<span class="visually-hidden"> {title}</span> at {clock(passage.start_ms)}
      </Link>
    </li>
  );
}

export function Found({ call, now }: { readonly call: FoundCall; readonly now: Date }) {
  const title = titleOf(call.call_id, call.facts);
  const more = call.passages - call.hits.length;
  return (
    <article class="card found">
      <header>
        <h2>
          <Link href={callPath(call.call_id)}>{title}</Link>
        </h2>
        {call.facts.started_at && <p class="row-more">{when(call.facts.started_at, now)}</p>}
        {call.facts.sentiment && <CodeBadge code={call.facts.sentiment} />}
      </header>
      <ol>
        {call.hits.map(hit => (
          <Hit key={hit.chunk_id} passage={hit} title={title} />
        ))}
      </ol>
      {more > 0 && <p class="row-more">and {counted(more, "more passage")} in this call</p>}
    </article>
  );
}
