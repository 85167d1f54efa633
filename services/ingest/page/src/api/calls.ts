/** What the views ask about calls. */

import { api, told } from "./client";
import { Problem } from "./problem";
import type { CallAnswer, CallList, MetricsAnswer, PeaksAnswer, Redone, RevisionList } from "./schema";

const PREFIX = "/api/v1/calls/";
const of = (callId: string) => ({ call_id: callId });

export interface CallsAsked {
  readonly status?: string;
  readonly since?: string;
  readonly until?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

export async function listCalls(asked: CallsAsked, signal: AbortSignal): Promise<CallList> {
  const query = asked as { status?: "completed" };
  return told(api.GET("/api/v1/calls", { params: { query }, signal }));
}

export function getCall(callId: string, revision: number | null, signal: AbortSignal): Promise<CallAnswer> {
  return told(
    api.GET("/api/v1/calls/{call_id}", { params: { path: of(callId), query: { revision } }, signal }),
  );
}

/** null where there is none: nothing is transcribed yet, or the call is older than what is asked for. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(error => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  });
}

export function getMetrics(
  callId: string,
  revision: number | null,
  signal: AbortSignal,
): Promise<MetricsAnswer | null> {
  const params = { path: of(callId), query: { revision } };
  const answer = told(api.GET("/api/v1/calls/{call_id}/metrics", { params, signal }));
  return unlessMissing(answer as Promise<MetricsAnswer>); // its tuples lose their length on the way
}

export function getPeaks(
  callId: string,
  revision: number | null,
  signal: AbortSignal,
): Promise<PeaksAnswer | null> {
  const params = { path: of(callId), query: { revision } };
  return unlessMissing(told(api.GET("/api/v1/calls/{call_id}/peaks", { params, signal })));
}

export function listRevisions(callId: string, signal: AbortSignal): Promise<RevisionList> {
  return told(api.GET("/api/v1/calls/{call_id}/revisions", { params: { path: of(callId) }, signal }));
}

export type RedoStage = "transcribe" | "analyze" | "embed";

export function redo(callId: string, from: RedoStage): Promise<Redone> {
  return told(api.POST("/api/v1/calls/{call_id}/redo", { params: { path: of(callId), query: { from } } }));
}

export const FORMATS = ["txt", "srt", "vtt", "csv", "json"] as const;

/** Where a transcript is downloaded from. */
export function transcriptAddress(callId: string, format: string, revision: number | null): string {
  const query = new URLSearchParams({ format, ...(revision ? { revision: String(revision) } : {}) });
  return `${PREFIX}${encodeURIComponent(callId)}/transcript?${query}`;
}
