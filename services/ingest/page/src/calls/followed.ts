/** Which lines of a list are followed by events, and which are of an earlier revision. */

import type { CallRow } from "../api/schema";
import { settled } from "../words";

const FOLLOWED = 3; // calls at once: a browser opens six connections to a server, and the rest needs some

/** The first few calls that are neither through nor failed. */
export function followed(calls: readonly CallRow[], most = FOLLOWED): ReadonlySet<string> {
  const moving = calls.filter(call => !settled(call.status)).map(call => call.call_id);
  return new Set([...new Set(moving)].slice(0, most));
}

/** Each call's newest revision among these. */
export function newestOf(
  calls: readonly Pick<CallRow, "call_id" | "revision">[],
): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const { call_id, revision } of calls)
    newest.set(call_id, Math.max(revision, newest.get(call_id) ?? 0));
  return newest;
}
