/** Which lines of a list are followed by events. */

import type { CallRow } from "../api/schema";
import { settled } from "../words";

const FOLLOWED = 3; // calls at once: a browser opens six connections to a server, and the rest needs some

/** The first few calls that are neither through nor failed. */
export function followed(calls: readonly CallRow[], most = FOLLOWED): ReadonlySet<string> {
  const moving = calls.filter(call => !settled(call.status)).map(call => call.call_id);
  return new Set(moving.slice(0, most));
}
