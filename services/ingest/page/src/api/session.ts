/** Who is signed in, and what they may do. */

import { signal } from "@preact/signals";
import { send } from "./client";
import { Problem } from "./problem";

export interface Me {
  readonly name: string;
  readonly tenant_id: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly via: "session" | "key" | "oidc" | "none";
}

/** null while nobody is. */
export const me = signal<Me | null>(null);

export const may = (scope: string): boolean => me.value?.scopes.includes(scope) ?? false;

export async function findMe(): Promise<Me | null> {
  try {
    me.value = (await (await send("/api/v1/me")).json()) as Me;
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
    me.value = null;
  }
  return me.value;
}

/** Exchange an API key for a session's cookie. */
export async function signIn(key: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await send("/api/v1/session", { method: "POST", headers, body: JSON.stringify({ key }) });
  await findMe();
}

export async function signOut(): Promise<void> {
  await send("/api/v1/session", { method: "DELETE" });
  me.value = null;
}

/** The key in the address's fragment, if any. */
export function keyIn(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("key");
}

const OWN_MACHINE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether a key in an address is its reader's own: on a network, a link would sign them in as somebody else. */
export const believesLinks = (hostname: string): boolean => OWN_MACHINE.test(hostname);

/** Sign in with the key of the fragment, which reaches no server and no log, and take it out of sight. */
export async function signInByFragment(): Promise<void> {
  const key = keyIn(location.hash);
  if (key === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (believesLinks(location.hostname)) await signIn(key);
}
