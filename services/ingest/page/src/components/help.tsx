/** The shortcuts, and their switch. */

import { may } from "../api/session";
import { shortcuts, switchShortcuts } from "../keyboard";
import { PLACES } from "../places";
import { Dialog } from "./dialog";

const SOUND: readonly (readonly [string, string])[] = [
  ["Space", "Play or pause"],
  ["← →", "10 seconds back or on"],
  ["[ ]", "Slower or faster"],
  ["n p", "Next or previous line"],
  ["f", "Follow the sound again"],
];

function Rows({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <dl class="keys">
      {rows.map(([keys, what]) => (
        <div key={keys}>
          <dt>
            {keys.split(" ").map(key => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Help({ close }: { readonly close: () => void }) {
  const places = PLACES.filter(place => may(place.scope)).map(
    place => [`g ${place.key}`, place.name] as const,
  );
  const find = may("search") ? ([["/", "Search"]] as const) : [];
  return (
    <Dialog title="Keyboard" close={close}>
      <h3>Go to</h3>
      <Rows rows={[...places, ...find, ["?", "This help"]]} />
      <h3>A call</h3>
      <Rows rows={SOUND} />
      <label class="check">
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={event => switchShortcuts(event.currentTarget.checked)}
        />
        Use single keys as shortcuts
      </label>
    </Dialog>
  );
}
