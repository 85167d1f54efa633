/** A recording in parts, straight into the store; a part that breaks off is sent again, not the others. */

import { send } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Uploaded } from "../api/schema";
import { put, type Sending } from "./put";

interface Begun {
  readonly upload_id: string;
  readonly part_size_bytes: number;
  readonly parts: readonly { readonly number: number; readonly url: string }[];
}

const asJson = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

const TRIES = 4; // of each part
const PAUSE = 1000; // ms before the second try, doubled before each further one

/** After a failed try: how long to wait in ms before the next; null if it is not worth one. */
export function pauseBefore(nextTry: number, problem: Problem): number | null {
  const passing = problem.status === 0 || problem.status === 429 || problem.status >= 500;
  if (!passing || nextTry > TRIES) return null;
  return Math.max(PAUSE * 2 ** (nextTry - 2), (problem.retryAfter ?? 0) * 1000);
}

const waited = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** Ask, and ask again after whatever may pass; only for what may be asked twice. */
export async function persistently<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
  pass = waited,
  nth = 1,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const pause = signal.aborted ? null : pauseBefore(nth + 1, asProblem(error));
    if (pause === null) throw error;
    await pass(pause);
    return persistently(ask, signal, pass, nth + 1);
  }
}

async function part(address: string, body: Blob, sending: Sending): Promise<string> {
  const ask = () => put({ method: "PUT", address, body }, sending);
  return (await persistently(ask, sending.signal)).getResponseHeader("ETag") ?? "";
}

export async function inParts(sending: Sending): Promise<Uploaded> {
  const { file, metadata, progress } = sending;
  const asked = {
    ...metadata,
    filename: file.name,
    size_bytes: file.size,
    content_type: file.type || undefined,
  };
  const begun = (await (await send("/api/v1/uploads", asJson("POST", asked))).json()) as Begun;
  const at = `/api/v1/uploads/${encodeURIComponent(begun.upload_id)}`;
  try {
    const parts: { number: number; etag: string }[] = [];
    for (const { number, url } of begun.parts) {
      const from = (number - 1) * begun.part_size_bytes;
      const body = file.slice(from, from + begun.part_size_bytes);
      const etag = await part(url, body, { ...sending, progress: sent => progress(from + sent) });
      parts.push({ number, etag });
    }
    const complete = () => send(`${at}/complete`, asJson("POST", { parts })); // again answers the same
    return (await (await persistently(complete, sending.signal)).json()) as Uploaded;
  } catch (error) {
    // What cannot be given up now lapses by itself; why the upload broke off is what has to be told.
    await send(at, { method: "DELETE" }).catch(() => undefined);
    throw error;
  }
}
