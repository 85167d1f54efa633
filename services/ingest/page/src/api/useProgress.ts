/** A call that is on its way, followed for as long as it is. */

import { useEffect, useRef, useState } from "preact/hooks";
import { send } from "./client";
import { type Progress, watch } from "./events";

const PATIENCE = 5000; // ms before a stream that was refused is asked for again

/** Tell *progress* each time something becomes of the call, and *ended* once it is through or failed. */
export function useProgress(
  callId: string | null,
  progress: (call: Progress) => void,
  ended: () => void,
): void {
  const [round, setRound] = useState(0);
  const latest = useRef({ progress, ended });
  latest.current = { progress, ended };
  useEffect(() => {
    if (callId === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watch(callId, {
      progress: call => latest.current.progress(call),
      ended: () => latest.current.ended(),
      lost: () => {
        // If nobody is signed in any more, this leads to the login; else the stream is asked for again.
        send("/api/v1/me").catch(() => undefined);
        timer = setTimeout(() => setRound(old => old + 1), PATIENCE);
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [callId, round]);
}
