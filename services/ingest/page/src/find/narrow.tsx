/** The fields that narrow a search or a question. */

import { plain } from "../format";
import { FINDINGS, NAMES, SENTIMENTS } from "./narrowing";

interface SelectProps {
  readonly label: string;
  readonly name: string;
  readonly chosen: string | null;
  readonly all: string;
  readonly choices: readonly (readonly [string, string])[];
}

function Select({ label, name, chosen, all, choices }: SelectProps) {
  return (
    <label class="field">
      {label}
      <select class="input" name={name}>
        <option value="">{all}</option>
        {choices.map(([value, word]) => (
          <option key={value} value={value} selected={value === chosen}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

const MOODS = SENTIMENTS.map(each => [each, plain(each)] as const);

/** Fields of a form around it; open if any of them is in use. */
export function Narrow({ query }: { readonly query: URLSearchParams }) {
  const used = NAMES.filter(name => query.get(name) && name !== "call_id").length;
  return (
    <details class="narrow" open={used > 0}>
      <summary>Narrow down{used > 0 && ` (${used})`}</summary>
      <div class="filters">
        <label class="field">
          From
          <input class="input" type="date" name="since" value={query.get("since") ?? ""} />
        </label>
        <label class="field">
          To
          <input class="input" type="date" name="until" value={query.get("until") ?? ""} />
        </label>
        <label class="field">
          Agent
          <input class="input" name="agent" value={query.get("agent") ?? ""} autocomplete="off" />
        </label>
        <Select
          label="Sentiment of the call"
          name="sentiment"
          chosen={query.get("sentiment")}
          all="Any"
          choices={MOODS}
        />
        <Select
          label="Only where we found"
          name="type"
          chosen={query.get("type")}
          all="Anything"
          choices={FINDINGS}
        />
      </div>
    </details>
  );
}
