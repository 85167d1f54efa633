/** Hand recordings in: drop or choose them, then watch them go through. */

import { useEffect, useRef } from "preact/hooks";
import { Heading } from "../components/heading";
import { Icon } from "../components/icon";
import { Details } from "../upload/details";
import { useDropping } from "../upload/dropping";
import { Jobs } from "../upload/jobs";
import { metadataOf } from "../upload/metadata";
import { add, sending } from "../upload/queue";
import { ACCEPTED } from "../upload/recordings";

/** The browser asks before a page is left that still sends. */
function useStay(): void {
  useEffect(() => {
    const stay = (event: BeforeUnloadEvent) => {
      if (sending.value) event.preventDefault();
    };
    addEventListener("beforeunload", stay);
    return () => removeEventListener("beforeunload", stay);
  }, []);
}

interface DropProps {
  readonly take: (files: Iterable<File>) => void;
}

function DropZone({ take }: DropProps) {
  const over = useDropping(take);
  const picked = (input: HTMLInputElement) => {
    take(input.files ?? []);
    input.value = ""; // the same file may be chosen again
  };
  return (
    <label class={over ? "drop over" : "drop"}>
      <Icon name="upload" />
      <span class="state-title">Drop recordings here</span>
      <span class="muted">or choose them: WAV, MP3, M4A, FLAC, Ogg, WebM and more</span>
      <input
        class="visually-hidden"
        type="file"
        accept={ACCEPTED}
        multiple
        aria-label="Choose recordings"
        onChange={event => picked(event.currentTarget)}
      />
    </label>
  );
}

export function UploadView() {
  useStay();
  const form = useRef<HTMLFormElement>(null);
  const take = (files: Iterable<File>) => add(files, metadataOf(new FormData(form.current!)));
  return (
    <>
      <Heading
        title="Upload"
        lead="A recording is transcribed, analyzed and indexed; you can watch it here."
      />
      <form ref={form} class="upload" onSubmit={event => event.preventDefault()}>
        <DropZone take={take} />
        <Details />
      </form>
      <Jobs />
    </>
  );
}
