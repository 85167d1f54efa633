/** What is to be known of an API key at a glance. */

import type { ToldKey } from "../api/schema";
import type { Tone } from "../words";

export interface Standing {
  readonly word: string;
  readonly tone: Tone;
  readonly works: boolean;
}

export function standing(key: Pick<ToldKey, "revoked_at" | "expires_at">, now: Date): Standing {
  if (key.revoked_at) return { word: "Revoked", tone: "none", works: false };
  if (key.expires_at && new Date(key.expires_at) <= now)
    return { word: "Expired", tone: "none", works: false };
  return { word: "Works", tone: "good", works: true };
}

/** The keys that work before those that do not, else as they came. */
export function ordered(keys: readonly ToldKey[], now: Date): ToldKey[] {
  return keys.toSorted((a, b) => Number(standing(b, now).works) - Number(standing(a, now).works));
}
