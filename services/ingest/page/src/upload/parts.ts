/** A recording in parts, straight into the store; a part that breaks off is sent again, not the others. */

import { send } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Uploaded } from "../api/schema";
import { put, type Sending } from "./put";

interface Begun {
  readonly upload_id: string;
  readonly part_size: number;
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

async function part(address: string, body: Blob, sending: Sending, nth = 1): Promise<string> {
  try {
    const answer = await put({ method: "PUT", address, body }, sending);
    return answer.getResponseHeader("ETag") ?? "";
  } catch (error) {
    if (sending.signal.aborted) throw error;
    const pause = pauseBefore(nth + 1, asProblem(error));
    if (pause === null) throw error;
    await waited(pause);
    return part(address, body, sending, nth + 1);
  }
}

export async function inParts(sending: Sending): Promise<Uploaded> {
  const { file, metadata, progress } = sending;
  const asked = { ...metadata, filename: file.name, size: file.size, content_type: file.type || undefined };
  const begun = (await (await send("/api/v1/uploads", asJson("POST", asked))).json()) as Begun;
  const at = `/api/v1/uploads/${encodeURIComponent(begun.upload_id)}`;
  try {
    const parts: { number: number; etag: string }[] = [];
    for (const { number, url } of begun.parts) {
      const from = (number - 1) * begun.part_size;
      const body = file.slice(from, from + begun.part_size);
      const etag = await part(url, body, { ...sending, progress: sent => progress(from + sent) });
      parts.push({ number, etag });
    }
    return (await (await send(`${at}/complete`, asJson("POST", { parts }))).json()) as Uploaded;
  } catch (error) {
    // What cannot be given up now lapses by itself; why the upload broke off is what has to be told.
    await send(at, { method: "DELETE" }).catch(() => undefined);
    throw error;
  }
}
