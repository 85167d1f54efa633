/** Sends bodies and tells their progress: by XHR, because fetch tells none. */

import { asProblem, problemOf } from "../api/problem";

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
    signal.throwIfAborted();
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
