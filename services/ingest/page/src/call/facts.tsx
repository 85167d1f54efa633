/** How well the call was heard and understood, what it cost, and what is wrong with it, in plain words. */

import type { CallAnswer } from "../api/schema";
import { Badge } from "../components/badge";
import { bytes, clock, moment, money, percent, plain, spell } from "../format";
import { damageWords, refusalWords, type Tone } from "../words";

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone?: Tone;
}

const LEVELS: Readonly<Record<string, Tone>> = { high: "good", medium: "warn", low: "bad" };

function heard({ transcript }: CallAnswer): Fact[] {
  if (!transcript) return [];
  const { coverage, flagged } = transcript;
  if (!coverage) return [{ name: "Heard", value: "Not measured" }];
  return [
    { name: "Heard", value: `${percent(coverage.share)} of the speech`, tone: flagged ? "warn" : "good" },
  ];
}

function understood({ analysis }: CallAnswer): Fact[] {
  const quality = analysis?.quality_validation;
  if (!quality) return [];
  const tone = LEVELS[quality.level] ?? "none";
  return [
    { name: "Analysis", value: `${plain(quality.level)} confidence (${percent(quality.score)})`, tone },
  ];
}

function recorded({ recording, transcript, metadata }: CallAnswer): Fact[] {
  const facts: Fact[] = [];
  if (metadata?.started_at) facts.push({ name: "Began", value: moment(metadata.started_at) });
  if (recording) {
    const channels = recording.channels === 1 ? "one channel" : `${recording.channels} channels`;
    facts.push({
      name: "Recording",
      value: `${recording.codec}, ${channels}, ${bytes(recording.size_bytes)}`,
    });
  }
  if (transcript?.language) facts.push({ name: "Language", value: languageName(transcript.language) });
  return facts;
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(undefined, { type: "language" }).of(code) ?? code;
  } catch {
    return code; // not a language tag: shown as it was told
  }
}

/** Everything that is wrong with a call, a sentence each. */
export function remarks({ transcript, analysis }: CallAnswer): string[] {
  const found: string[] = [];
  if (transcript?.flagged && transcript.coverage) {
    const missed = transcript.coverage.speech_ms - transcript.coverage.transcribed_ms;
    found.push(`About ${spell(Math.max(0, missed))} of speech did not become text.`);
    for (const each of transcript.coverage.refused) {
      found.push(`${spell(each.ms)} left out: ${refusalWords(each.reason)}.`);
    }
  }
  for (const each of transcript?.damage ?? []) {
    const lost = each.lost_ms === null || each.lost_ms === undefined ? "" : `, ${spell(each.lost_ms)} lost`;
    found.push(`${damageWords(each.what)} at ${clock(each.at_ms)}${lost}.`);
  }
  if (transcript?.dual_mono) found.push("Both channels hold the same sound; it was heard once.");
  if (transcript && !transcript.speakers_known)
    found.push("It is not known who speaks: there is a single channel.");
  for (const each of analysis?.quality_validation?.issues ?? [])
    found.push(`Analysis: ${plain(each.issue)}.`);
  return found;
}

export function FactsCard({ call }: { readonly call: CallAnswer }) {
  const facts = [
    ...heard(call),
    ...understood(call),
    { name: "Cost", value: money(call.cost_usd) },
    ...recorded(call),
  ];
  const wrong = remarks(call);
  return (
    <section class="card" aria-labelledby="quality">
      <h2 id="quality">Quality and cost</h2>
      <dl class="facts">
        {facts.map(({ name, value, tone }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{tone ? <Badge word={value} tone={tone} /> : value}</dd>
          </div>
        ))}
      </dl>
      {wrong.length > 0 && (
        <ul class="note tone-warn small remarks">
          {wrong.map(each => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
