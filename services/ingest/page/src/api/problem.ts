/** What went wrong, in words that can be shown: an RFC 9457 problem, or a server that does not answer. */

export interface FieldError {
  /** null where it is not about one field. */
  readonly field: string | null;
  readonly message: string;
}

export class Problem extends Error {
  constructor(
    /** HTTP status; 0 where no answer came at all. */
    readonly status: number,
    readonly detail: string,
    readonly reason: string | null = null,
    /** Seconds after which it is worth another try, where the server says so. */
    readonly retryAfter: number | null = null,
    readonly errors: readonly FieldError[] = [],
    /** The right that is missing, where that is what is wrong. */
    readonly scope: string | null = null,
  ) {
    super(detail);
    this.name = "Problem";
  }
}

const PLAIN: Readonly<Record<number, string>> = {
  401: "You are not signed in, or no longer.",
  403: "Your account may not do this.",
  404: "There is nothing under this address.",
  413: "This is too large.",
  429: "Too many requests at once. Try again in a moment.",
  502: "The server behind this page does not answer. Try again in a moment.",
  503: "The server is not ready. Try again in a moment.",
};

export const UNREACHABLE = "The server cannot be reached. Check your connection, then try again.";

/** Seconds that a Retry-After header names, as a number or as a date. */
export function secondsOf(retryAfter: string | null, now: number): number | null {
  if (!retryAfter) return null;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

function object(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {}; // a proxy's page: its status alone says something
  }
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap(each => {
    if (typeof each === "string") return [{ field: null, message: each }];
    return typeof each?.field === "string"
      ? [{ field: each.field, message: String(each.message ?? "") }]
      : [];
  });
}

/** The right that a WWW-Authenticate header asks for. */
const scopeOf = (challenge: string | null): string | null =>
  /\bscope="([a-z]+)/.exec(challenge ?? "")?.[1] ?? null;

export function problemOf(
  status: number,
  text: string,
  retryAfter: string | null,
  now: number,
  challenge: string | null = null,
): Problem {
  const told = object(text);
  const detail = typeof told.detail === "string" && told.detail ? told.detail : PLAIN[status];
  return new Problem(
    status,
    detail ?? `The server answered ${status}.`,
    typeof told.reason === "string" ? told.reason : null,
    secondsOf(retryAfter, now),
    fieldErrors(told.errors),
    scopeOf(challenge),
  );
}

/** Anything thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, UNREACHABLE);
}
