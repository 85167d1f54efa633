/** Who talked how much, and how. */

import type { MetricsAnswer, Part, SpeakerTalk } from "../api/schema";
import { clock, count, percent, plain, spell } from "../format";
import { speakerNumber, speakerWord } from "../words";

const NAMED_FROM = 0.12; // share of the bar in which a percentage has room

function Bar({
  talk,
  speakers,
}: {
  readonly talk: MetricsAnswer["talk"];
  readonly speakers: readonly string[];
}) {
  const all = talk.speakers.reduce((sum, each) => sum + each.talk_ms, 0) || 1;
  return (
    <div class="talk-bar" aria-hidden="true">
      {talk.speakers
        .filter(each => each.talk_ms > 0)
        .map(each => (
          <span
            key={each.speaker}
            class={`speaker-${speakerNumber(each.speaker, speakers)}`}
            style={{ flexGrow: each.talk_ms }}
          >
            {each.talk_ms / all >= NAMED_FROM && percent(Math.round((each.talk_ms / all) * 100) / 100)}
          </span>
        ))}
    </div>
  );
}

function Row({
  each,
  part,
  speakers,
}: {
  readonly each: SpeakerTalk;
  readonly part: Part | null;
  readonly speakers: readonly string[];
}) {
  return (
    <tr>
      <th scope="row" class={`legend-entry speaker-${speakerNumber(each.speaker, speakers)}`}>
        {speakerWord(each.speaker)}
      </th>
      <td>{spell(each.talk_ms)}</td>
      <td>
        {"per_minute" in each.speed
          ? `${count(Math.round(each.speed.per_minute))} ${each.speed.unit}/min`
          : "–"}
      </td>
      <td>{count(each.questions)}</td>
      <td>{part ? clock(part.longest_monologue_ms) : "–"}</td>
      <td>{part ? count(part.interruptions) : "–"}</td>
    </tr>
  );
}

const UNAVAILABLE: Readonly<Record<string, string>> = {
  one_speaker_unknown:
    "On a single channel it is not known who speaks, so turns and interruptions are not counted.",
  one_speaker: "Only one person speaks, so there are no turns and no interruptions.",
  nothing_said: "Nothing was said.",
};

export function TalkCard({
  metrics,
  speakers,
}: {
  readonly metrics: MetricsAnswer;
  readonly speakers: readonly string[];
}) {
  const { talk } = metrics;
  const exchange = "parts" in talk.exchange ? talk.exchange : null;
  const why = "unavailable" in talk.exchange ? talk.exchange.unavailable : null;
  return (
    <section class="card" aria-labelledby="talk">
      <h2 id="talk">Talk time</h2>
      <Bar talk={talk} speakers={speakers} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard */}
      <section class="scroll-x" aria-label="Talk by speaker" tabIndex={0}>
        <table class="plain-table">
          <thead>
            <tr>
              {["Speaker", "Talks", "Pace", "Questions", "Longest turn", "Interrupts"].map(each => (
                <th key={each} scope="col">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {talk.speakers.map(each => (
              <Row
                key={each.speaker}
                each={each}
                speakers={speakers}
                part={exchange?.parts.find(part => part.speaker === each.speaker) ?? null}
              />
            ))}
          </tbody>
        </table>
      </section>
      <p class="muted small">
        {percent(talk.silence_share)} silence
        {exchange && ` · ${count(exchange.turns)} turns`}
        {talk.longest_silence &&
          ` · longest pause ${spell(talk.longest_silence.end_ms - talk.longest_silence.start_ms)} at ${clock(talk.longest_silence.start_ms)}`}
        {why && ` · ${UNAVAILABLE[why] ?? plain(why)}`}
      </p>
    </section>
  );
}
