/** The recording as one band a channel; a click, a drag or the arrow keys seek. */

import { useEffect, useRef } from "preact/hooks";
import WaveSurfer from "wavesurfer.js";
import { clock } from "../format";
import { audio, positionMs, seek } from "../sound/sound";
import { colour, repaint } from "../theme";
import { adoptStyle } from "../trusted";
import { speakerNumber } from "../words";
import type { Track } from "./lines";

const BAND = 40; // px
const NARROW_BAND = 26;
const STEP = 5000; // ms

interface WaveformProps {
  readonly tracks: readonly Track[];
  readonly durationMs: number;
  readonly speakers: readonly string[];
}

function bands(tracks: readonly Track[], speakers: readonly string[]) {
  return tracks.map(({ speaker }, n) => {
    const number = speaker === null ? (n % 4) + 1 : speakerNumber(speaker, speakers);
    return { waveColor: colour(`--speaker-${number}-faint`), progressColor: colour(`--speaker-${number}`) };
  });
}

/** Draw into *container*; the sound is the page's own and outlives the drawing. */
function drawn(container: HTMLElement, { tracks, durationMs, speakers }: WaveformProps): WaveSurfer {
  const wave = WaveSurfer.create({
    container,
    media: audio(),
    peaks: tracks.map(track => track.peaks),
    duration: durationMs / 1000,
    splitChannels: bands(tracks, speakers),
    height: matchMedia("(min-width: 48rem)").matches ? BAND : NARROW_BAND,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    cursorWidth: 2,
    cursorColor: colour("--ink"),
    dragToSeek: true,
    hideScrollbar: true,
  });
  adoptStyle(wave.getWrapper().getRootNode() as ShadowRoot);
  wave.on("interaction", seconds => seek(seconds * 1000));
  return wave;
}

const MOVES: Readonly<Record<string, (at: number, end: number) => number>> = {
  ArrowLeft: at => at - STEP,
  ArrowDown: at => at - STEP,
  ArrowRight: at => at + STEP,
  ArrowUp: at => at + STEP,
  PageDown: (at, end) => at - end / 10,
  PageUp: (at, end) => at + end / 10,
  Home: () => 0,
  End: (_, end) => end,
};

export function Waveform(props: WaveformProps) {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (props.durationMs <= 0) return undefined;
    const wave = drawn(container.current!, props);
    return () => wave.destroy();
  }, [props.tracks, props.durationMs, repaint.value]);
  const pressed = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    seek(Math.min(move(positionMs.value, props.durationMs), props.durationMs));
  };
  return (
    <div
      class="waveform"
      ref={container}
      role="slider"
      tabIndex={0}
      aria-label="Position in the recording"
      aria-valuemin={0}
      aria-valuemax={Math.round(props.durationMs / 1000)}
      aria-valuenow={Math.round(positionMs.value / 1000)}
      aria-valuetext={`${clock(positionMs.value)} of ${clock(props.durationMs)}`}
      onKeyDown={pressed}
    />
  );
}
