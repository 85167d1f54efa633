/** The calls, newest first. */

import { useEffect } from "preact/hooks";
import { Link, useSearch } from "wouter-preact";
import { listCalls } from "../api/calls";
import { may } from "../api/session";
import { useAnswer } from "../api/useAnswer";
import { askedFor, type Chosen, chosenIn, narrowed, pathOf } from "../calls/asked";
import { CallFilters } from "../calls/filters";
import { CallsTable } from "../calls/table";
import { Heading } from "../components/heading";
import { Icon } from "../components/icon";
import { Answered, Empty } from "../components/states";

function Upload() {
  return (
    <Link class="button primary" href="/upload">
      <Icon name="upload" /> Upload
    </Link>
  );
}

function NoCalls({ chosen }: { readonly chosen: Chosen }) {
  if (narrowed(chosen)) {
    return (
      <Empty title="No calls match.">
        <Link class="button" href="/">
          Clear filters
        </Link>
      </Empty>
    );
  }
  return (
    <Empty title="No calls yet.">
      <p>Upload a recording and watch it become a transcript, findings and something to search.</p>
      {may("upload") && <Upload />}
    </Empty>
  );
}

function Pages({ chosen, next }: { readonly chosen: Chosen; readonly next: string | null }) {
  if (!chosen.cursor && !next) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {chosen.cursor ? (
        <Link class="button" href={pathOf({ ...chosen, cursor: "" })}>
          Newest
        </Link>
      ) : (
        <span />
      )}
      {next && (
        <Link class="button" href={pathOf({ ...chosen, cursor: next })}>
          Older
        </Link>
      )}
    </nav>
  );
}

/** Whoever comes back to the page finds it as it is now. */
function useReturn(again: () => void): void {
  useEffect(() => {
    const shown = () => {
      if (document.visibilityState === "visible") again();
    };
    document.addEventListener("visibilitychange", shown);
    return () => document.removeEventListener("visibilitychange", shown);
  }, [again]);
}

export function CallsView() {
  const chosen = chosenIn(useSearch());
  const answer = useAnswer(pathOf(chosen), signal => listCalls(askedFor(chosen), signal));
  useReturn(answer.again);
  return (
    <>
      <Heading title="Calls">{may("upload") && <Upload />}</Heading>
      <CallFilters chosen={chosen} />
      <Answered answer={answer} what="Loading calls">
        {({ calls, next }) => (
          <>
            {calls.length > 0 ? (
              <CallsTable calls={calls} again={answer.again} />
            ) : (
              <NoCalls chosen={chosen} />
            )}
            <Pages chosen={chosen} next={next} />
          </>
        )}
      </Answered>
    </>
  );
}
