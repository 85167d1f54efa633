/** The recordings that are being handed in, one after the other; they go on while other views are shown. */

import { computed, signal } from "@preact/signals";
import { asProblem, Problem } from "../api/problem";
import type { Metadata } from "./put";
import { refusal } from "./recordings";
import { handIn } from "./send";

export interface Job {
  readonly id: number;
  readonly file: File;
  readonly metadata: Metadata;
  readonly state: "waiting" | "sending" | "sent" | "failed" | "refused";
  /** Bytes. */
  readonly sent: number;
  readonly callId: string | null;
  readonly problem: Problem | null;
}

export const jobs = signal<readonly Job[]>([]);
export const underWay = (job: Job): boolean => job.state === "sending" || job.state === "waiting";
export const sending = computed(() => jobs.value.some(underWay));

const aborts = new Map<number, AbortController>();
let last = 0;

function change(id: number, part: Partial<Job>): void {
  jobs.value = jobs.value.map(job => (job.id === id ? { ...job, ...part } : job));
}

async function run(job: Job): Promise<void> {
  const abort = new AbortController();
  aborts.set(job.id, abort);
  change(job.id, { state: "sending", sent: 0, problem: null });
  try {
    const progress = (sent: number) => change(job.id, { sent: Math.min(sent, job.file.size) });
    const taken = await handIn({ file: job.file, metadata: job.metadata, progress, signal: abort.signal });
    change(job.id, { state: "sent", sent: job.file.size, callId: taken.call_id });
  } catch (error) {
    if (!abort.signal.aborted) change(job.id, { state: "failed", problem: asProblem(error) });
  } finally {
    aborts.delete(job.id);
  }
}

/** The next one's turn, unless one is on its way. */
function next(): void {
  if (jobs.value.some(job => job.state === "sending")) return;
  const waiting = jobs.value.find(job => job.state === "waiting");
  if (waiting) void run(waiting).then(next);
}

function jobOf(file: File, metadata: Metadata): Job {
  last += 1;
  const why = refusal(file);
  const begins = why
    ? ({ state: "refused", problem: new Problem(0, why) } as const)
    : ({ state: "waiting", problem: null } as const);
  return { id: last, file, metadata, sent: 0, callId: null, ...begins };
}

/** Line them up; what plainly is no recording is listed with the reason, and not sent. */
export function add(files: Iterable<File>, metadata: Metadata): void {
  jobs.value = [...jobs.value, ...[...files].map(file => jobOf(file, metadata))];
  next();
}

/** Take it off the list; what is on its way is stopped. */
export function remove(id: number): void {
  aborts.get(id)?.abort(new DOMException("taken off the list", "AbortError"));
  jobs.value = jobs.value.filter(job => job.id !== id);
}

export function again(id: number): void {
  change(id, { state: "waiting" });
  next();
}
