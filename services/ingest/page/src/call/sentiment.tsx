/** How the call sounded, quarter by quarter. */

import type { Sentiment, UtteranceAnswer } from "../api/schema";
import { CodeBadge } from "../components/badge";
import { clock, plain } from "../format";
import { seek } from "../sound/sound";
import { speakerWord, toneOf } from "../words";

interface SentimentProps {
  readonly sentiment: Sentiment;
  readonly lines: readonly UtteranceAnswer[];
  readonly durationMs: number;
}

const HEIGHT = 88; // px
const ZERO = HEIGHT / 2;
const REACH = ZERO - 6; // px of a score of 1

const score = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero", maximumFractionDigits: 1 });

function Chart({ sentiment, lines, durationMs }: SentimentProps) {
  const starts = new Map(lines.map(line => [line.id, line.start_ms]));
  const told = sentiment.by_quarter.map(each => `quarter ${each.quarter}: ${each.label}`).join(", ");
  const sought = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * durationMs);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a second way to what the waveform does by keyboard, too
    <svg
      class="mood-chart"
      height={HEIGHT}
      role="img"
      aria-label={`Sentiment over time: ${told}`}
      onClick={sought}
    >
      {sentiment.by_quarter.map(each => (
        <rect
          key={each.quarter}
          class={`mood-bar tone-${toneOf(each.label)}`}
          x={`${(each.quarter - 1) * 25 + 0.5}%`}
          width="24%"
          rx="3"
          y={ZERO - Math.max(0, each.score) * REACH - 1}
          height={Math.abs(each.score) * REACH + 2}
        />
      ))}
      <line class="mood-zero" x1="0" x2="100%" y1={ZERO} y2={ZERO} />
      {sentiment.utterances.map(each => (
        <circle
          key={each.utterance_id}
          class={`mood-dot tone-${toneOf(each.label)}`}
          cx={`${((starts.get(each.utterance_id) ?? 0) / Math.max(1, durationMs)) * 100}%`}
          cy={ZERO - each.score * REACH}
          r="3.5"
        />
      ))}
    </svg>
  );
}

export function SentimentCard(props: SentimentProps) {
  const { sentiment, durationMs } = props;
  return (
    <section class="card" aria-labelledby="sentiment">
      <h2 id="sentiment">
        Sentiment <span class="muted small">{plain(sentiment.trend)}</span>
      </h2>
      <Chart {...props} />
      <p class="axis muted small">
        <span>0:00</span>
        <span>{clock(durationMs)}</span>
      </p>
      <dl class="facts">
        {sentiment.by_speaker.map(each => (
          <div key={each.speaker}>
            <dt>{speakerWord(each.speaker)}</dt>
            <dd>
              <CodeBadge code={each.label} /> <span class="muted small">{score.format(each.score)}</span>
            </dd>
          </div>
        ))}
      </dl>
      {sentiment.reasoning && <p class="muted small">{sentiment.reasoning}</p>}
    </section>
  );
}
