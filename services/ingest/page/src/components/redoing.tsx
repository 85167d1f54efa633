/** Ask whether a call is meant to be done again from a stage on, and begin it. */

import type { ComponentChildren } from "preact";
import { type RedoStage, redo } from "../api/calls";
import { Confirming } from "./confirming";

interface RedoingProps {
  readonly title: string;
  readonly callId: string;
  readonly from: RedoStage;
  readonly begun: () => void;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Redoing({ callId, from, begun, ...shown }: RedoingProps) {
  return <Confirming word="Do it again" act={() => redo(callId, from)} done={begun} {...shown} />;
}
