/** The call's own player: waveform, buttons, speed, a link to the moment. */

import { useEffect, useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { Transport } from "../components/transport";
import { clock } from "../format";
import { listen, shortcuts } from "../keyboard";
import { callPath } from "../places";
import {
  durationMs,
  faster,
  positionMs,
  RATES,
  rate,
  setRate,
  skip,
  soundProblem,
  toggle,
} from "../sound/sound";
import { speakerNumber, speakerWord } from "../words";
import type { Track } from "./lines";
import { Waveform } from "./waveform";

interface PlayerProps {
  readonly callId: string;
  readonly revision: number | null;
  readonly tracks: readonly Track[];
  readonly lengthMs: number;
  readonly speakers: readonly string[];
}

function Speed() {
  return (
    <label class="speed">
      <span class="visually-hidden">Speed</span>
      <select
        class="input"
        value={String(rate.value)}
        onChange={event => setRate(Number(event.currentTarget.value))}
      >
        {RATES.map(each => (
          <option key={each} value={String(each)}>
            {each}×
          </option>
        ))}
      </select>
    </label>
  );
}

const SHOWN = 2000; // ms

function LinkToMoment({ callId, revision }: Pick<PlayerProps, "callId" | "revision">) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    const path = callPath(callId, positionMs.value, revision);
    history.replaceState(history.state, "", path);
    void navigator.clipboard?.writeText(location.origin + path).then(() => setCopied(true));
  };
  return (
    <button type="button" class="button" onClick={copy} aria-label="Copy a link to this moment">
      <Icon name={copied ? "check" : "link"} />
      <span class="wide-only" role="status">
        {copied ? "Copied" : "Link to this moment"}
      </span>
    </button>
  );
}

function Legend({ speakers }: { readonly speakers: readonly string[] }) {
  return (
    <ul class="legend">
      {speakers.slice(0, 4).map(speaker => (
        <li key={speaker} class={`speaker-${speakerNumber(speaker, speakers)}`}>
          {speakerWord(speaker)}
        </li>
      ))}
    </ul>
  );
}

function useSoundKeys(): void {
  useEffect(
    () =>
      listen({
        " ": toggle,
        ArrowLeft: () => skip(-1),
        ArrowRight: () => skip(1),
        "[": () => faster(-1),
        "]": () => faster(1),
      }),
    [shortcuts.value],
  );
}

export function Player({ callId, revision, tracks, lengthMs, speakers }: PlayerProps) {
  useSoundKeys();
  const length = durationMs.value || lengthMs;
  return (
    <section class="player card" aria-label="Player">
      {tracks.length > 0 && <Waveform tracks={tracks} durationMs={lengthMs} speakers={speakers} />}
      <div class="controls">
        <Transport />
        <span class="position">
          {clock(positionMs.value)} <span class="muted">/ {clock(length)}</span>
        </span>
        <Speed />
        <Legend speakers={speakers} />
        <LinkToMoment callId={callId} revision={revision} />
      </div>
      {soundProblem.value && (
        <p class="note tone-warn" role="alert">
          {soundProblem.value}
        </p>
      )}
    </section>
  );
}
