/** The API, typed by its OpenAPI document: every answer is a value or a thrown `Problem`. */

import createClient from "openapi-fetch";
import { asProblem, type Problem, problemOf } from "./problem";
import type { paths } from "./schema";

const RETRIES = 2;
const PATIENCE = 20; // seconds; whoever is told to wait longer is told so

type Listener = () => void;
let whenSignedOut: Listener = () => {};

/** Called whenever the API says that nobody is signed in. */
export function onSignedOut(listener: Listener): void {
  whenSignedOut = listener;
}

/** Say so of a request that was not sent from here. */
export function signedOut(): void {
  whenSignedOut();
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

function worthAnotherTry(request: Request, problem: Problem): boolean {
  const soon = problem.retryAfter !== null && problem.retryAfter <= PATIENCE;
  return request.method === "GET" && (problem.status === 429 || problem.status === 503) && soon;
}

async function once(request: Request): Promise<Response> {
  const answer = await fetch(request.clone()).catch(error => {
    throw request.signal.aborted ? error : asProblem(error);
  });
  if (answer.ok || answer.status === 304) return answer;
  const told = (name: string) => answer.headers.get(name);
  throw problemOf(
    answer.status,
    await answer.text(),
    told("Retry-After"),
    Date.now(),
    told("WWW-Authenticate"),
  );
}

/** Fetch; reads are tried again when the server says when. */
export async function insistent(request: Request, retries = RETRIES): Promise<Response> {
  try {
    return await once(request);
  } catch (error) {
    const problem = asProblem(error);
    if (problem.status === 401) signedOut();
    if (request.signal.aborted || retries === 0 || !worthAnotherTry(request, problem)) throw error;
    await wait(problem.retryAfter ?? 1, request.signal);
    return insistent(request, retries - 1);
  }
}

export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://127.0.0.1" : location.origin,
  fetch: request => insistent(request),
  querySerializer: { array: { style: "form", explode: true } },
});

/** What an openapi-fetch call answered; a `Problem` was thrown before, so there is data. */
export async function told<T>(answer: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  return (await answer).data as NonNullable<T>;
}

/** A request whose path is not in the OpenAPI document, or whose answer is no JSON. */
export function send(path: string, init: RequestInit = {}): Promise<Response> {
  return insistent(new Request(new URL(path, location.origin), init));
}
