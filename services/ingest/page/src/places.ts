/** The page's addresses. */

export interface Place {
  readonly path: string;
  readonly name: string;
  /** The scope without which it is not offered. */
  readonly scope: string;
  /** The key after `g` that leads there. */
  readonly key: string;
}

export const PLACES: readonly Place[] = [
  { path: "/", name: "Calls", scope: "read", key: "c" },
  { path: "/search", name: "Search", scope: "search", key: "s" },
  { path: "/ask", name: "Ask", scope: "ask", key: "a" },
  { path: "/overview", name: "Overview", scope: "search", key: "o" },
  { path: "/upload", name: "Upload", scope: "upload", key: "u" },
  { path: "/failed", name: "Failed", scope: "read", key: "f" },
  { path: "/access", name: "Access", scope: "keys", key: "k" },
  { path: "/audit", name: "Audit", scope: "operate", key: "l" },
];

/** A call, from a moment on; *ms* on the recording's timeline. */
export function callPath(callId: string, ms?: number | null, revision?: number | null): string {
  const query = new URLSearchParams();
  if (ms !== undefined && ms !== null) query.set("t", String(Math.round(ms)));
  if (revision) query.set("revision", String(revision));
  const told = query.toString();
  return `/calls/${encodeURIComponent(callId)}${told && `?${told}`}`;
}

/** Ask, with a question written already. */
export function askPath(question: string, narrowed: URLSearchParams): string {
  const query = new URLSearchParams(narrowed);
  query.set("q", question);
  return `/ask?${query}`;
}

/** Where to go after signing in: a path of this page, never another site. */
export function nextPath(query: string): string {
  const next = new URLSearchParams(query).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : "/";
}

const CARRIED = 500; // characters: what the door takes along through a single sign-on

/** The same, as far as a single sign-on carries it: of what is too long, the view alone. */
export function carriedPath(query: string): string {
  const next = nextPath(query);
  return next.length <= CARRIED ? next : next.replace(/\?.*$/, "");
}

export const loginPath = (from: string): string =>
  from.startsWith("/login") ? from : from === "/" ? "/login" : `/login?next=${encodeURIComponent(from)}`;

/** The login's address, and why single sign-on led back to it: a code that is told once, then no more. */
export function refusedIn(query: string): { readonly code: string | null; readonly rest: string } {
  const told = new URLSearchParams(query);
  const code = told.get("refused");
  told.delete("refused");
  return { code, rest: String(told) && `?${told}` };
}
