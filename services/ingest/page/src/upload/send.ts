/** A recording on its way to the API, in one piece or in parts; XHR because fetch tells no progress of a body. */

import { send } from "../api/client";
import { asProblem, Problem, problemOf } from "../api/problem";
import type { Uploaded } from "../api/schema";

export const FIELDS = [
  "agent",
  "customer",
  "company_name",
  "direction",
  "started_at",
  "call_type",
  "channel_roles",
] as const;

export type Metadata = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

export interface Sending {
  readonly file: File;
  readonly metadata: Metadata;
  /** Bytes that have left so far. */
  readonly progress: (sent: number) => void;
  readonly signal: AbortSignal;
}

const IN_ONE_PIECE = 1024 ** 3; // bytes, what the API takes in one request
const TRIES = 4; // of each part
const PAUSE = 1000; // ms before the second try, doubled before each further one

interface Body {
  readonly method: "POST" | "PUT";
  readonly address: string;
  readonly body: FormData | Blob;
}

/** Send a body and tell its progress; a `Problem` if it is not taken. */
export function put(
  { method, address, body }: Body,
  { progress, signal }: Omit<Sending, "file" | "metadata">,
) {
  return new Promise<XMLHttpRequest>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.upload.addEventListener("progress", event => progress(event.loaded));
    request.addEventListener("error", () => reject(asProblem(null)));
    request.addEventListener("abort", () => reject(signal.reason));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) return resolve(request);
      const retryAfter = request.getResponseHeader("Retry-After");
      return reject(problemOf(request.status, request.responseText, retryAfter, Date.now()));
    });
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

async function whole(sending: Sending): Promise<Uploaded> {
  const body = new FormData();
  for (const [name, value] of Object.entries(sending.metadata)) if (value) body.append(name, value);
  body.append("file", sending.file);
  const answer = await put({ method: "POST", address: "/api/v1/calls/upload", body }, sending);
  return JSON.parse(answer.responseText) as Uploaded;
}

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

async function inParts(sending: Sending): Promise<Uploaded> {
  const { file, metadata, signal, progress } = sending;
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
    if (!signal.aborted) throw error;
    await send(at, { method: "DELETE" }); // nothing of it stays in the store
    throw error;
  }
}

/** Hand a recording in; what is too large for one request goes in parts, each tried again by itself. */
export async function handIn(sending: Sending): Promise<Uploaded> {
  if (sending.file.size > IN_ONE_PIECE) return inParts(sending);
  try {
    return await whole(sending);
  } catch (error) {
    if (error instanceof Problem && error.status === 413) return inParts(sending);
    throw error;
  }
}
