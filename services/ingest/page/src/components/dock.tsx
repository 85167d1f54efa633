/** The small player at the foot of every view but the playing call's own. */

import { Link, useLocation } from "wouter-preact";
import { clock } from "../format";
import { callPath } from "../places";
import { durationMs, heard, playing, positionMs, soundProblem, stop } from "../sound/sound";
import { Icon } from "./icon";
import { Transport } from "./transport";

export function Dock() {
  const [path] = useLocation();
  const now = playing.value;
  if (now === null || !heard.value || path === callPath(now.callId)) return null;
  return (
    <section class="dock" aria-label="Player">
      <Transport />
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
