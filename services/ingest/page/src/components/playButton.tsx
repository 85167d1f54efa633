/** Plays a call from a moment on, wherever it is quoted. */

import { clock } from "../format";
import { pause, paused, play, playing, positionMs } from "../sound/sound";
import { Icon } from "./icon";

interface PlayButtonProps {
  readonly callId: string;
  /** What the player says it plays. */
  readonly title: string;
  readonly fromMs: number;
  readonly untilMs?: number | null;
}

const LEAD = 250; // ms before a quote begins, so that its first sound is not lost

function sounding({ callId, fromMs, untilMs }: PlayButtonProps): boolean {
  if (playing.value?.callId !== callId || paused.value) return false;
  return positionMs.value >= fromMs - LEAD - 50 && positionMs.value < (untilMs ?? fromMs + 4000);
}

export function PlayButton(props: PlayButtonProps) {
  const { callId, title, fromMs, untilMs } = props;
  const on = sounding(props);
  const at = clock(fromMs);
  const press = () => (on ? pause() : play(callId, title, Math.max(0, fromMs - LEAD), untilMs));
  return (
    <button type="button" class="play" aria-label={on ? `Pause at ${at}` : `Play from ${at}`} onClick={press}>
      <Icon name={on ? "pause" : "play"} />
      <span class="play-time">{at}</span>
    </button>
  );
}
