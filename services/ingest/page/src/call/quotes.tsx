/** Findings with the words they rest on; each quote plays from where it was said. */

import type { Evidence, UtteranceAnswer } from "../api/schema";
import { CodeBadge } from "../components/badge";
import { PlayButton } from "../components/playButton";
import { quoted } from "../format";
import { speakerWord } from "../words";
import type { Group, Item } from "./findings";

export interface Of {
  readonly callId: string;
  readonly title: string;
  /** All that was said in it. */
  readonly lines: readonly Pick<UtteranceAnswer, "id" | "text">[];
}

function Quote({ of, quote }: { readonly of: Of; readonly quote: Evidence }) {
  const said = of.lines.filter(line => quote.utterance_ids.includes(line.id)).map(line => line.text);
  return (
    <li class="quote">
      {quote.start_ms !== null && quote.start_ms !== undefined && (
        <PlayButton
          callId={of.callId}
          title={of.title}
          fromMs={quote.start_ms}
          untilMs={quote.end_ms ?? null}
        />
      )}
      <blockquote>
        “{quoted(quote.quote, said.join(" "))}”{quote.speaker && <cite> {speakerWord(quote.speaker)}</cite>}
      </blockquote>
    </li>
  );
}

export function Finding({ of, item }: { readonly of: Of; readonly item: Item }) {
  return (
    <li class="finding">
      <p class="finding-text">
        {item.text}{" "}
        {item.codes.map(code => (
          <CodeBadge key={code} code={code} />
        ))}
      </p>
      {item.notes.length > 0 && <p class="muted small">{item.notes.join(" · ")}</p>}
      <ul>
        {item.quotes.map(quote => (
          <Quote key={quote.quote} of={of} quote={quote} />
        ))}
      </ul>
    </li>
  );
}

const OPEN_AT_FIRST = 5;

export function FindingGroup({ of, group }: { readonly of: Of; readonly group: Group }) {
  const [first, more] = [group.items.slice(0, OPEN_AT_FIRST), group.items.slice(OPEN_AT_FIRST)];
  return (
    <section class="card" aria-labelledby={group.id}>
      <h2 id={group.id}>
        {group.title} <span class="muted">{group.items.length}</span>
      </h2>
      <ul class="findings">
        {first.map((item, n) => (
          <Finding key={n} of={of} item={item} />
        ))}
      </ul>
      {more.length > 0 && (
        <details>
          <summary class="more">{more.length} more</summary>
          <ul class="findings">
            {more.map((item, n) => (
              <Finding key={n} of={of} item={item} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
