/** Narrows the list; typing a question leads to the search. */

import { useLocation } from "wouter-preact";
import { may } from "../api/session";
import { statusWord } from "../words";
import { type Chosen, LIST_STATUSES, narrowed, pathOf } from "./asked";

function SearchBox() {
  const [, navigate] = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("q") ?? "").trim();
    if (text) navigate(`/search?${new URLSearchParams({ q: text })}`);
  };
  return (
    <search class="wide">
      <form onSubmit={submit}>
        <label class="field">
          Search what was said
          <input class="input" type="search" name="q" placeholder="price, delivery, Bluebird …" />
        </label>
      </form>
    </search>
  );
}

export function CallFilters({ chosen }: { readonly chosen: Chosen }) {
  const [, navigate] = useLocation();
  const choose = (part: Partial<Chosen>) => navigate(pathOf({ ...chosen, cursor: "", ...part }));
  return (
    <div class="filters">
      {may("search") && <SearchBox />}
      <label class="field alone">
        Status
        <select
          class="input"
          value={chosen.status}
          onChange={event => choose({ status: event.currentTarget.value })}
        >
          <option value="">All</option>
          {LIST_STATUSES.map(status => (
            <option key={status} value={status}>
              {statusWord(status)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        From
        <input
          class="input"
          type="date"
          value={chosen.from}
          max={chosen.to || undefined}
          onChange={event => choose({ from: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        To
        <input
          class="input"
          type="date"
          value={chosen.to}
          min={chosen.from || undefined}
          onChange={event => choose({ to: event.currentTarget.value })}
        />
      </label>
      {narrowed(chosen) && (
        <button type="button" class="button" onClick={() => navigate("/")}>
          Clear filters
        </button>
      )}
    </div>
  );
}
