/** Audit: who asked for what, newest first. */

import "../styles/find.css";
import { Link, useLocation, useSearchParams } from "wouter-preact";
import { audit } from "../api/access";
import type { AuditRow } from "../api/schema";
import { usePages } from "../api/usePages";
import { Further } from "../components/further";
import { Heading } from "../components/heading";
import { Answered, Empty } from "../components/states";
import { Table } from "../components/table";
import { moment } from "../format";
import { callPath } from "../places";
import { deedWord } from "../words";

const COLUMNS = ["When", "Who", "What", "Of"] as const;
const OF_A_CALL: ReadonlySet<string> = new Set([
  "call.read",
  "transcript.read",
  "recording.read",
  "redo",
  "erase",
]);

function Deed({ deed }: { readonly deed: AuditRow }) {
  const { what } = deed;
  return (
    <tr>
      <td class="nowrap">
        <time dateTime={deed.at}>{moment(deed.at)}</time>
      </td>
      <td>
        {deed.who} <span class="row-more">via {deed.via}</span>
      </td>
      <th scope="row">{deedWord(deed.action)}</th>
      <td>{what && OF_A_CALL.has(deed.action) ? <Link href={callPath(what)}>{what}</Link> : what}</td>
    </tr>
  );
}

function OfCall({ callId }: { readonly callId: string | null }) {
  const [, navigate] = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("call_id");
    const wanted = String(given ?? "").trim();
    navigate(wanted ? `/audit?${new URLSearchParams({ call_id: wanted })}` : "/audit");
  };
  return (
    <form class="find" onSubmit={submit}>
      <div class="find-row">
        <input
          class="input"
          type="search"
          name="call_id"
          aria-label="Id of a call"
          placeholder="Only what was asked for of one call: its id"
          value={callId ?? ""}
        />
        <button type="submit" class="button">
          Show
        </button>
      </div>
    </form>
  );
}

export function AuditView() {
  const [query] = useSearchParams();
  const callId = query.get("call_id");
  const pages = usePages(`audit ${callId}`, (signal, cursor) => audit(callId, signal, cursor));
  return (
    <>
      <Heading title="Audit" lead="What was asked for, and by whom: noted before it is answered." />
      <OfCall key={callId} callId={callId} />
      <Answered answer={pages.answer} what="Loading the log">
        {({ rows }) => (
          <div class="stack">
            {rows.length > 0 ? (
              <Table caption="Who asked for what, newest first" columns={COLUMNS}>
                {pages.pages
                  .flatMap(page => page.rows)
                  .map(row => (
                    <Deed key={row.id} deed={row} />
                  ))}
              </Table>
            ) : (
              <Empty title="Nothing is on record." />
            )}
            <Further of={pages} />
          </div>
        )}
      </Answered>
    </>
  );
}
