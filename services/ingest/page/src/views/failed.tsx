/** Failed: which calls did not come through, why in plain words, and what helps. */

import "../styles/failed.css";
import "../styles/find.css";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, told } from "../api/client";
import type { CallList, CallRow } from "../api/schema";
import { may } from "../api/session";
import { usePages } from "../api/usePages";
import { titleOf } from "../call/title";
import { Further } from "../components/further";
import { Heading } from "../components/heading";
import { Icon } from "../components/icon";
import { Redoing } from "../components/redoing";
import { Answered, Empty } from "../components/states";
import { counted, moment } from "../format";
import { callPath } from "../places";
import { helpFor, OF_THE_RECORDING, type Redoable, redoFrom } from "../remedies";
import { reasonWords, stageWord } from "../words";

const PAGE = 50;

async function list(signal: AbortSignal, cursor?: string): Promise<CallList> {
  const query = { status: "failed" as const, limit: PAGE, ...(cursor && { cursor }) };
  return (await told(api.GET("/api/v1/calls", { params: { query }, signal }))) as CallList;
}

interface RedoProps {
  readonly call: CallRow;
  readonly from: Redoable;
  readonly done: () => void;
}

function Confirm({ call, from, done, close }: RedoProps & { readonly close: () => void }) {
  return (
    <Redoing title="Do it again?" callId={call.call_id} from={from} begun={done} close={close}>
      <p>
        The call goes on from “{stageWord(from)}”. What was paid for before is not paid again; a new attempt
        may cost money.
      </p>
    </Redoing>
  );
}

function Redo({ call, from, done }: RedoProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        <Icon name="redo" />
        Do it again<span class="visually-hidden">: {titleOf(call.call_id, call.about, call.created_at)}</span>
      </button>
      {asking && <Confirm call={call} from={from} done={done} close={() => setAsking(false)} />}
    </>
  );
}

function FailedCall({ call }: { readonly call: CallRow }) {
  const [again, setAgain] = useState(false);
  const failure = call.error;
  if (!failure) return null;
  const from = redoFrom(failure);
  const offered = OF_THE_RECORDING.has(failure.reason) && may("upload"); // the button says what helps
  return (
    <li class="card failed-call">
      <div>
        <h2>
          <Link href={callPath(call.call_id)}>{titleOf(call.call_id, call.about, call.created_at)}</Link>
        </h2>
        <p class="row-more">
          {moment(failure.timestamp)} · stopped at “{stageWord(failure.stage)}”
          {failure.retry_count > 0 && ` after ${counted(failure.retry_count + 1, "attempt")}`}
        </p>
        <p class="failed-reason">{reasonWords(failure)}</p>
        {!offered && <p class="muted">{helpFor(failure)}</p>}
      </div>
      <div class="actions">
        {again ? (
          <p role="status" class="badge tone-good">
            On its way again
          </p>
        ) : (
          from && may("redo") && <Redo call={call} from={from} done={() => setAgain(true)} />
        )}
        {!from && may("upload") && (
          <Link class="button" href="/upload">
            <Icon name="upload" />
            Upload another recording
          </Link>
        )}
      </div>
    </li>
  );
}

export function FailedView() {
  const pages = usePages("failed", list);
  return (
    <>
      <Heading title="Failed" lead="Calls that did not come through, and what helps." />
      <Answered answer={pages.answer} what="Looking for failed calls">
        {({ calls }) => (
          <div class="stack">
            {calls.length === 0 && (
              <Empty title="No call has failed.">
                <p>Every call that was handed in is completed or on its way.</p>
              </Empty>
            )}
            <ul class="stack">
              {pages.pages
                .flatMap(page => page.calls)
                .map(call => (
                  <FailedCall key={`${call.call_id}:${call.revision}`} call={call} />
                ))}
            </ul>
            <Further of={pages} />
          </div>
        )}
      </Answered>
    </>
  );
}
