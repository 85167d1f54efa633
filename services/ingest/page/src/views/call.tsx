/** One call: its sound, what was said, what follows from it, how it went through. */

import { useEffect, useMemo } from "preact/hooks";
import { useSearch } from "wouter-preact";
import { getCall, getMetrics, getPeaks } from "../api/calls";
import { finishedStages } from "../api/events";
import type { CallAnswer } from "../api/schema";
import { may } from "../api/session";
import { type Answer, useAnswer } from "../api/useAnswer";
import { useProgress } from "../api/useProgress";
import { Exports } from "../call/exports";
import { FactsCard } from "../call/facts";
import { Insights } from "../call/insights";
import { drawnFromLines, drawnFromPeaks, speakersOf } from "../call/lines";
import { Player } from "../call/player";
import { RedoButton } from "../call/redo";
import { RevisionsCard } from "../call/revisions";
import { TalkCard } from "../call/talk";
import { TimelineCard } from "../call/timeline";
import { titleOf } from "../call/title";
import { TranscriptPanel } from "../call/transcript";
import { StatusBadge } from "../components/badge";
import { Heading } from "../components/heading";
import { Answered } from "../components/states";
import { moment, spell } from "../format";
import { redoFrom } from "../remedies";
import { choose, seek } from "../sound/sound";
import { reasonWords, settled } from "../words";

const numberOf = (search: string, name: string): number | null => {
  const text = new URLSearchParams(search).get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
};

/** Stages begin to have something to show; what they made is fetched when they have made it. */
function useLiveCall(answer: Answer<CallAnswer>, callId: string, newest: boolean): void {
  const call = answer.value;
  useProgress(
    newest && call && !settled(call.status) ? callId : null,
    progress => {
      if (answer.value) answer.set({ ...answer.value, ...progress });
      if (!call || progress.status !== call.status || finishedStages(progress) !== finishedStages(call))
        answer.again();
    },
    answer.again,
  );
}

/** The sound is this call's, at the moment that the address names. */
function useMoment(call: CallAnswer | null, title: string, ms: number | null): void {
  const playable = call?.recording ? call.call_id : null;
  useEffect(() => {
    if (playable === null) return;
    choose(playable, title);
    if (ms !== null) seek(ms);
  }, [playable, ms]);
}

function Meta({ call }: { readonly call: CallAnswer }) {
  const length = call.transcript?.duration_ms ?? call.recording?.duration_ms;
  const parts = [
    moment(call.metadata?.started_at ?? call.created_at),
    length && spell(Math.floor(length / 1000) * 1000),
  ];
  if (call.metadata?.direction) parts.push(call.metadata.direction);
  if (call.metadata?.customer && call.metadata.company_name) parts.push(call.metadata.customer);
  return (
    <p class="meta">
      <StatusBadge status={call.status} parked={call.parked !== null} />
      <span class="muted">{parts.filter(Boolean).join(" · ")}</span>
    </p>
  );
}

function Sounding({ call, revision }: { readonly call: CallAnswer; readonly revision: number | null }) {
  const lines = call.transcript?.utterances ?? [];
  const lengthMs = call.transcript?.duration_ms ?? call.recording?.duration_ms ?? 0;
  const heard = call.transcript !== null;
  const peaks = useAnswer(`${call.call_id} ${call.revision} ${heard}`, signal =>
    heard ? getPeaks(call.call_id, revision, signal) : Promise.resolve(null),
  );
  const tracks = useMemo(() => {
    if (peaks.loading) return [];
    return peaks.value ? drawnFromPeaks(peaks.value.channels) : drawnFromLines(lines, lengthMs);
  }, [peaks.loading, peaks.value, lines]);
  if (!call.recording && !call.transcript) return null;
  if (!call.recording)
    return <p class="note">This call was handed in as a transcript: there is no sound to play.</p>;
  return (
    <Player
      callId={call.call_id}
      revision={revision}
      tracks={tracks}
      lengthMs={peaks.value?.duration_ms ?? lengthMs}
      speakers={speakersOf(lines)}
    />
  );
}

function Talking({ call, revision }: { readonly call: CallAnswer; readonly revision: number | null }) {
  const answer = useAnswer(`${call.call_id} ${call.revision}`, signal =>
    getMetrics(call.call_id, revision, signal),
  );
  const speakers = speakersOf(call.transcript?.utterances ?? []);
  return (
    <Answered answer={answer} what="Measuring">
      {metrics => metrics && <TalkCard metrics={metrics} speakers={speakers} />}
    </Answered>
  );
}

interface BodyProps {
  readonly call: CallAnswer;
  readonly title: string;
  readonly revision: number | null;
}

function Body({ call, title, revision }: BodyProps) {
  const { transcript, analysis } = call;
  const lines = transcript?.utterances ?? [];
  const of = { callId: call.call_id, title, lines };
  const moods = useMemo(
    () =>
      new Map((analysis?.insights?.sentiment.utterances ?? []).map(each => [each.utterance_id, each.label])),
    [analysis],
  );
  return (
    <div class={lines.length > 0 ? "call" : "call alone"}>
      <div class="call-column">
        {!settled(call.status) && <TimelineCard call={call} />}
        {analysis && (
          <Insights of={of} analysis={analysis} lines={lines} durationMs={transcript?.duration_ms ?? 0} />
        )}
        {transcript && <Talking call={call} revision={revision} />}
        <FactsCard call={call} />
        {settled(call.status) && <TimelineCard call={call} />}
        {call.revision > 1 || revision !== null ? (
          <RevisionsCard callId={call.call_id} shown={call.revision} newest={call.revision} />
        ) : null}
      </div>
      {lines.length > 0 && <TranscriptPanel {...of} moods={moods} />}
    </div>
  );
}

export function CallView({ callId }: { readonly callId: string }) {
  const search = useSearch();
  const revision = numberOf(search, "revision");
  const answer = useAnswer(`${callId} ${revision}`, signal => getCall(callId, revision, signal));
  const call = answer.value;
  const from = call?.error ? redoFrom(call.error) : "analyze";
  const title = titleOf(callId, call?.metadata, call?.created_at);
  useLiveCall(answer, callId, revision === null);
  useMoment(call, title, numberOf(search, "t"));
  return (
    <>
      <Heading title={title}>
        {call?.transcript && <Exports callId={callId} revision={revision} />}
        {call && settled(call.status) && may("redo") && from && (
          <RedoButton callId={callId} from={from} begun={answer.again} />
        )}
      </Heading>
      <Answered answer={answer} what="Loading the call">
        {found => (
          <>
            <Meta call={found} />
            {found.error && (
              <p class="note tone-bad" role="alert">
                <b>This call failed.</b> {reasonWords(found.error)}
              </p>
            )}
            <Sounding call={found} revision={revision} />
            <Body call={found} title={title} revision={revision} />
          </>
        )}
      </Answered>
    </>
  );
}
