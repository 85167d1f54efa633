/** The API's codes in plain words. */

import { plain } from "./format";

const STATUSES: Readonly<Record<string, string>> = {
  uploaded: "Received",
  transcribing: "Transcribing",
  transcribed: "Transcribed",
  analyzing: "Analyzing",
  analyzed: "Analyzed",
  embedding: "Indexing",
  completed: "Completed",
  failed: "Failed",
};

export const statusWord = (status: string): string => STATUSES[status] ?? plain(status);

export const settled = (status: string): boolean => status === "completed" || status === "failed";

/** The four stages in order: the journal's name, and what it does in words. */
export const STAGES = [
  { name: "ingest", title: "Check", doing: "uploaded" },
  { name: "transcribe", title: "Transcribe", doing: "transcribing" },
  { name: "analyze", title: "Analyze", doing: "analyzing" },
  { name: "embed", title: "Index", doing: "embedding" },
] as const;

export type StageName = (typeof STAGES)[number]["name"];

export const stageWord = (name: string): string =>
  STAGES.find(each => each.name === name)?.title ?? plain(name);

const REASONS: Readonly<Record<string, string>> = {
  budget_exceeded: "The budget for this call or this day is used up.",
  changed: "The recording was replaced while it was being read. Upload it again.",
  empty_audio: "The recording is empty: it has no sound in it.",
  empty_file: "The file is empty. Upload it again.",
  invalid_transcript: "The imported transcript cannot be read.",
  no_audio_stream: "This file holds no sound. Upload an audio file.",
  too_large: "The file is larger than is allowed.",
  too_long: "The recording is longer than is allowed.",
  unreadable_audio: "The recording is damaged and cannot be played. Export it again, then upload it.",
  unsupported_audio: "This kind of audio is not supported. Convert it to WAV, MP3, M4A, FLAC or Ogg.",
  provider_busy: "The speech or language service was too busy. Do it again later.",
  provider_unavailable: "The speech or language service did not answer. Do it again later.",
  provider_denied: "The speech or language service refuses our key. Tell your administrator.",
  provider_quota: "The quota at the speech or language service is used up. Tell your administrator.",
  provider_refused: "The speech or language service refused this call.",
  provider_answer: "The speech or language service gave an answer that cannot be used. Do it again.",
  storage_unavailable: "The storage did not answer. Do it again later.",
  stuck: "The call stood still for too long and was given up. Do it again.",
  poison: "The call failed again and again. Tell your administrator.",
  timeout: "It took too long. Do it again.",
  answer_too_long: "The analysis grew longer than is allowed. Do it again.",
  nothing_to_transcribe: "Nothing was kept that could be transcribed.",
  not_found: "The recording is no longer where it was put.",
  erased: "This call was erased while it was worked on, or before.",
  claimed: "Somebody else was working on it at the same time. Do it again.",
  forbidden: "This service may not read or write what it needs. Tell your administrator.",
  forbidden_location: "The recording lies where this service does not read.",
  index_missing: "The search index is not there. Tell your administrator.",
  index_refused: "The search index refused what was found. Tell your administrator.",
  index_unfit: "The search index is not as this version needs it. Tell your administrator.",
  internal_error: "This is a fault of ours; it is logged. Tell your administrator.",
  invalid_message: "What was handed in could not be understood.",
  invalid_tenant: "It was handed in under a tenant that does not exist.",
  move_failed: "What was handed in could not be put aside. Tell your administrator.",
  move_refused: "What was handed in could not be put aside. Tell your administrator.",
  no_dlq: "What was handed in could not be put aside. Tell your administrator.",
  not_kept: "Something that an earlier stage made was not there. Do it again.",
  not_told: "The next stage could not be told. Do it again.",
  parked: "It waited for longer than is allowed. Do it again.",
  result_too_large: "The result is larger than can be kept. Tell your administrator.",
  truncated_download: "The recording could not be read to its end. Do it again.",
  unavailable: "Something that is needed did not answer. Do it again later.",
  index_unavailable: "The search index did not answer. Do it again later.",
};

/** Why a call failed, for its owner; the journal's own sentence where there is no better one. */
export const reasonWords = (failure: { reason: string; message: string }): string =>
  REASONS[failure.reason] ?? `${plain(failure.reason)}: ${failure.message}`;

const PARKED: Readonly<Record<string, string>> = {
  budget_exceeded: "The budget is used up for today",
  parked: "Waiting for its turn",
};

export const parkedWords = (reason: string): string => PARKED[reason] ?? plain(reason);

const LOGIN_REFUSALS: ReadonlyMap<string, string> = new Map([
  ["denied", "Single sign-on did not let you in, or was cancelled."],
  ["expired", "This sign-in took too long, or was begun in another window. Try again."],
  ["unknown", "Single sign-on knows you, but you have no access here yet. Ask your administrator for it."],
  ["unavailable", "Single sign-on does not answer. Try again in a minute."],
]);

/** Why somebody comes back from single sign-on without being signed in. */
export const loginRefusalWords = (code: string): string =>
  LOGIN_REFUSALS.get(code) ?? "Single sign-on did not work. Try again.";

/** What a scope lets one do, and the least role that has it. */
const SCOPES: Readonly<Record<string, readonly [what: string, role: string]>> = {
  read: ["read calls", "users"],
  upload: ["upload recordings", "users"],
  search: ["search calls or sum them up", "analysts"],
  ask: ["ask questions", "analysts"],
  export: ["export findings", "analysts"],
  costs: ["see what calls cost", "analysts"],
  redo: ["do calls again", "analysts"],
  keys: ["see or change who has access", "admins"],
  erase: ["erase calls", "admins"],
  tenants: ["see what is used", "admins"],
  operate: ["see who asked for what", "admins"],
};

/** What somebody lacks, and who helps. */
export function lackWords(scope: string, role: string | undefined): string {
  const [what, least] = SCOPES[scope] ?? ["do this", "admins"];
  if (least === role) return `Your access does not let you ${what}. An administrator can widen it.`;
  return `Your role may not ${what}. An administrator can give you the role ${least}.`;
}

const DEEDS: Readonly<Record<string, string>> = {
  "call.read": "Read a call",
  "transcript.read": "Read a transcript",
  "recording.read": "Heard a recording",
  export: "Exported",
  search: "Searched",
  ask: "Asked a question",
  redo: "Did a call again",
  erase: "Erased a call",
  "keys.list": "Looked at the keys",
  "keys.create": "Made a key",
  "keys.revoke": "Revoked a key",
  "audit.read": "Read this log",
};

export const deedWord = (action: string): string => DEEDS[action] ?? plain(action);

const REFUSALS: Readonly<Record<string, string>> = {
  loop: "the recogniser repeated itself",
  too_fast: "more words than anybody can say in that time",
  no_words: "no words were recognised",
  silence: "words where nobody spoke",
};

export const refusalWords = (reason: string): string => REFUSALS[reason] ?? plain(reason).toLowerCase();

const DAMAGES: Readonly<Record<string, string>> = {
  undecodable: "A part could not be decoded",
  cut_off: "The recording ends too early",
  clock_jump: "The recording's clock jumps",
  other_channels: "The number of channels changes",
};

export const damageWords = (what: string): string => DAMAGES[what] ?? plain(what);

/** Good, bad or neither: the colour beside a word, never instead of it. */
export type Tone = "good" | "bad" | "warn" | "none" | "busy";

const TONES: Readonly<Record<string, Tone>> = {
  completed: "good",
  failed: "bad",
  positive: "good",
  negative: "bad",
  mixed: "warn",
  won: "good",
  lost: "bad",
  resolved: "good",
  unresolved: "warn",
  deferred: "warn",
  next_step_agreed: "good",
  high: "bad",
  medium: "warn",
  yes: "good",
  no: "bad",
  partly: "warn",
  answered: "good",
  unanswered: "warn",
};

export const toneOf = (code: string): Tone => TONES[code] ?? "none";

export function statusTone(status: string): Tone {
  return settled(status) ? toneOf(status) : "busy";
}

/** A speaker's own colour, by the order in which the call's speakers are named: 1 to 4. */
export function speakerNumber(speaker: string, speakers: readonly string[]): number {
  if (speaker === "agent") return 1;
  if (speaker === "customer") return 2;
  const others = speakers.filter(each => each !== "agent" && each !== "customer");
  const taken = speakers.length - others.length;
  return ((taken + Math.max(0, others.indexOf(speaker))) % 4) + 1;
}

export const speakerWord = (speaker: string): string => plain(speaker);
