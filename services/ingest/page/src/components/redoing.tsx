/** Ask whether a call is meant to be done again from a stage on, and begin it. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type RedoStage, redo } from "../api/calls";
import { asProblem, type Problem } from "../api/problem";
import { Dialog } from "./dialog";
import { Failure } from "./states";

interface RedoingProps {
  readonly title: string;
  readonly callId: string;
  readonly from: RedoStage;
  readonly begun: () => void;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Redoing({ title, callId, from, begun, close, children }: RedoingProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const confirm = () => {
    setBusy(true);
    redo(callId, from).then(begun, error => {
      setBusy(false);
      setProblem(asProblem(error));
    });
  };
  return (
    <Dialog title={title} close={close}>
      {children}
      {problem && <Failure problem={problem} />}
      <footer>
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="button primary" disabled={busy} onClick={confirm}>
          Do it again
        </button>
      </footer>
    </Dialog>
  );
}
