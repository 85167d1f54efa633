/** Search: what was said, in whichever call, by words and by meaning. */

import "../styles/find.css";
import { useRef } from "preact/hooks";
import { useLocation, useSearchParams } from "wouter-preact";
import type { SearchAnswer } from "../api/schema";
import { Further } from "../components/further";
import { Heading } from "../components/heading";
import { Icon } from "../components/icon";
import { Answered, Empty } from "../components/states";
import { Found } from "../find/foundCall";
import { Narrow } from "../find/narrow";
import { addressed, narrowing } from "../find/narrowing";
import { MODES, modeOf, type Sought, useSearch } from "../find/searching";

function Box({ query }: { readonly query: URLSearchParams }) {
  const [, navigate] = useLocation();
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    if (form.current?.reportValidity()) navigate(`/search?${addressed(form.current)}`);
  };
  const mode = modeOf(query.get("mode"));
  return (
    <search>
      <form ref={form} class="find" onSubmit={submit}>
        <div class="find-row">
          <input
            class="input"
            type="search"
            name="q"
            aria-label="Words or a question"
            placeholder="Too expensive, next step, Bluebird…"
            value={query.get("q") ?? ""}
            required
            maxLength={1000}
          />
          <button type="submit" class="button primary">
            <Icon name="search" />
            Search
          </button>
        </div>
        <fieldset class="modes">
          <legend class="visually-hidden">Search by</legend>
          {MODES.map(([value, word]) => (
            <label key={value} class="chip mode">
              <input type="radio" name="mode" value={value} checked={value === mode} />
              {word}
            </label>
          ))}
        </fieldset>
        <Narrow query={query} />
      </form>
    </search>
  );
}

function Degraded({ answer }: { readonly answer: SearchAnswer }) {
  if (!answer.degraded) return null;
  return (
    <p class="note tone-warn">
      Meaning cannot be asked for at the moment, so only words were searched. Other wordings may be missing.
    </p>
  );
}

function Results({ sought }: { readonly sought: Sought }) {
  const pages = useSearch(sought);
  const { answer, more } = pages;
  const calls = pages.pages.flatMap(page => page.calls);
  return (
    <Answered answer={answer} what="Searching">
      {first => (
        <div class="stack" aria-busy={answer.loading}>
          <Degraded answer={first} />
          {calls.length === 0 && (
            <Empty title={`Nothing was found for “${sought.q}”.`}>
              <p>Try other words, search by meaning, or take filters away.</p>
            </Empty>
          )}
          {calls.map(call => (
            <Found key={`${JSON.stringify(sought)} ${call.call_id}`} call={call} sought={sought} />
          ))}
          {more === null && !first.complete && (
            <p class="row-more">These are the 200 best passages. Narrow the search down to see others.</p>
          )}
          <Further of={pages} what="calls" />
        </div>
      )}
    </Answered>
  );
}

export function SearchView() {
  const [query] = useSearchParams();
  const q = query.get("q")?.trim() ?? "";
  return (
    <>
      <Heading title="Search" />
      <Box key={query.toString()} query={query} />
      {q ? (
        <Results sought={{ q, mode: modeOf(query.get("mode")), filters: narrowing(query) }} />
      ) : (
        <Empty title="Find the moment it was said.">
          <p>Search every call for words, or for what they mean. Each passage plays where it was spoken.</p>
        </Empty>
      )}
    </>
  );
}
