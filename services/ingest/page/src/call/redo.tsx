/** Do a part of the call again, after asking whether that is meant. */

import { useState } from "preact/hooks";
import type { RedoStage } from "../api/calls";
import { Icon } from "../components/icon";
import { Redoing } from "../components/redoing";

const CHOICES: readonly { readonly stage: RedoStage; readonly name: string; readonly told: string }[] = [
  {
    stage: "transcribe",
    name: "From transcribing on",
    told: "Hears the recording anew, then analyzes and indexes it.",
  },
  {
    stage: "analyze",
    name: "From analyzing on",
    told: "Keeps the transcript; draws conclusions and indexes anew.",
  },
  {
    stage: "embed",
    name: "Index only",
    told: "Keeps transcript and analysis; makes the call findable anew.",
  },
];

interface RedoProps {
  readonly callId: string;
  /** What is chosen at first. */
  readonly from: RedoStage;
  readonly begun: () => void;
}

interface DialogProps extends RedoProps {
  readonly close: () => void;
}

function RedoDialog({ callId, from, begun, close }: DialogProps) {
  const [stage, setStage] = useState<RedoStage>(from);
  const done = () => {
    close();
    begun();
  };
  return (
    <Redoing title="Do this call again" callId={callId} from={stage} begun={done} close={close}>
      <fieldset class="choices">
        <legend class="muted">A new revision is made; this one is kept, and can still be read.</legend>
        {CHOICES.map(each => (
          <label key={each.stage} class="choice">
            <input
              type="radio"
              name="stage"
              checked={stage === each.stage}
              onChange={() => setStage(each.stage)}
            />
            <span>
              <b>{each.name}</b>
              <span class="muted small">{each.told}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <p class="muted small">Work that is done again is paid again where its result is not kept.</p>
    </Redoing>
  );
}

export function RedoButton(props: RedoProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        <Icon name="redo" /> Do again
      </button>
      {asking && <RedoDialog {...props} close={() => setAsking(false)} />}
    </>
  );
}
