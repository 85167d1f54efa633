/** Play, pause, and ten seconds either way: of whatever sounds. */

import { paused, skip, toggle } from "../sound/sound";
import { Icon } from "./icon";

export function Transport() {
  return (
    <>
      <button type="button" class="icon-button" aria-label="10 seconds back" onClick={() => skip(-1)}>
        <Icon name="back" />
      </button>
      <button type="button" class="round" aria-label={paused.value ? "Play" : "Pause"} onClick={toggle}>
        <Icon name={paused.value ? "play" : "pause"} />
      </button>
      <button type="button" class="icon-button" aria-label="10 seconds on" onClick={() => skip(1)}>
        <Icon name="forward" />
      </button>
    </>
  );
}
