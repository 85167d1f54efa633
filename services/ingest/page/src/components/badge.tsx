/** A word with a colour beside it. */

import { plain } from "../format";
import { statusTone, statusWord, type Tone, toneOf } from "../words";

interface BadgeProps {
  readonly word: string;
  readonly tone?: Tone;
}

export function Badge({ word, tone = "none" }: BadgeProps) {
  return <span class={`badge tone-${tone}`}>{word}</span>;
}

/** A code of the API as a badge: sentiment, outcome, severity, answer. */
export function CodeBadge({ code }: { readonly code: string }) {
  return <Badge word={plain(code)} tone={toneOf(code)} />;
}

interface StatusBadgeProps {
  readonly status: string;
  readonly parked?: boolean;
}

export function StatusBadge({ status, parked = false }: StatusBadgeProps) {
  return <Badge word={parked ? "Waiting" : statusWord(status)} tone={parked ? "warn" : statusTone(status)} />;
}
