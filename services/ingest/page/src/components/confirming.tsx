/** Ask whether something is meant, and do it. */

import type { ComponentChildren } from "preact";
import { useDoing } from "../api/useDoing";
import { Dialog } from "./dialog";
import { Failure } from "./states";

interface ConfirmingProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly word: string;
  /** It cannot be undone. */
  readonly danger?: boolean;
  readonly act: () => Promise<unknown>;
  readonly done: () => void;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Confirming({ title, word, danger, act, done, close, children }: ConfirmingProps) {
  const { busy, problem, run } = useDoing();
  return (
    <Dialog title={title} close={close}>
      {children}
      {problem && <Failure problem={problem} />}
      <footer>
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class={danger ? "button danger" : "button primary"}
          disabled={busy}
          onClick={() => run(act(), done)}
        >
          {word}
        </button>
      </footer>
    </Dialog>
  );
}
