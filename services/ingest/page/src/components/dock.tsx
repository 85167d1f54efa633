/** The small player at the foot of every view but the playing call's own. */

import { Link, useLocation } from "wouter-preact";
import { clock } from "../format";
import { callPath } from "../places";
import {
  durationMs,
  heard,
  paused,
  playing,
  positionMs,
  skip,
  soundProblem,
  stop,
  toggle,
} from "../sound/sound";
import { Icon } from "./icon";

export function Dock() {
  const [path] = useLocation();
  const now = playing.value;
  if (now === null || !heard.value || path === callPath(now.callId)) return null;
  return (
    <section class="dock" aria-label="Player">
      <button type="button" class="icon-button" aria-label="10 seconds back" onClick={() => skip(-1)}>
        <Icon name="back" />
      </button>
      <button type="button" class="round" aria-label={paused.value ? "Play" : "Pause"} onClick={toggle}>
        <Icon name={paused.value ? "play" : "pause"} />
      </button>
      <button type="button" class="icon-button" aria-label="10 seconds on" onClick={() => skip(1)}>
        <Icon name="forward" />
      </button>
      <Link class="dock-title" href={callPath(now.callId, positionMs.value)}>
        {now.title}
      </Link>
      <span class="dock-time">
        {soundProblem.value ?? `${clock(positionMs.value)} / ${clock(durationMs.value)}`}
      </span>
      <button type="button" class="icon-button" aria-label="Stop and close the player" onClick={stop}>
        <Icon name="close" />
      </button>
    </section>
  );
}
