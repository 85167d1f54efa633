/** The transcript's lines on the recording's timeline. */

import type { UtteranceAnswer } from "../api/schema";

/**
 * The line that is heard at *ms*: the last that has begun; -1 before the first. Lines are in the order in
 * which they begin.
 */
export function lineAt(lines: readonly Pick<UtteranceAnswer, "start_ms">[], ms: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle]!.start_ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Everybody who speaks, in the order of their first words. */
export const speakersOf = (lines: readonly Pick<UtteranceAnswer, "speaker">[]): string[] => [
  ...new Set(lines.map(line => line.speaker)),
];

export interface Track {
  readonly speaker: string | null;
  /** 0 to 1, of equal distance in time. */
  readonly peaks: Float32Array;
}

const SPOKEN = 0.6;

/** Tracks for a recording whose waveform is not kept: a bar wherever somebody speaks, one track a speaker. */
export function drawnFromLines(
  lines: readonly UtteranceAnswer[],
  durationMs: number,
  points = 1200,
): Track[] {
  return speakersOf(lines)
    .slice(0, 4)
    .map(speaker => {
      const peaks = new Float32Array(points);
      for (const line of lines) {
        if (line.speaker !== speaker || durationMs <= 0) continue;
        const from = Math.floor((line.start_ms / durationMs) * points);
        const to = Math.ceil((line.end_ms / durationMs) * points);
        peaks.fill(SPOKEN, Math.max(0, from), Math.min(points, Math.max(to, from + 1)));
      }
      return { speaker, peaks };
    });
}

/** Kept peaks (0 to 255) as tracks, all on one scale, so that the loudest fills its height. */
export function drawnFromPeaks(
  channels: readonly { readonly speaker: string | null; readonly peaks: readonly number[] }[],
): Track[] {
  const loudest = Math.max(1, ...channels.map(channel => channel.peaks.reduce((a, b) => Math.max(a, b), 0)));
  return channels.map(({ speaker, peaks }) => ({
    speaker,
    peaks: Float32Array.from(peaks, peak => peak / loudest),
  }));
}
