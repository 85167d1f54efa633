/** Access: the tenant's API keys, who made them, and which still work. */

import { ordered, standing } from "../access/keys";
import { MakeKey } from "../access/making";
import { RevokeKey } from "../access/revoking";
import { listKeys } from "../api/access";
import type { ToldKey } from "../api/schema";
import { useAnswer } from "../api/useAnswer";
import { Badge } from "../components/badge";
import { Heading } from "../components/heading";
import { Answered, Empty } from "../components/states";
import { Table } from "../components/table";
import { moment } from "../format";

const COLUMNS = ["Key", "Role", "Standing", "Last used", "Expires", "Change"] as const;

interface RowProps {
  readonly of: ToldKey;
  readonly now: Date;
  readonly revoked: () => void;
}

function Row({ of, now, revoked }: RowProps) {
  const { word, tone, works } = standing(of, now);
  return (
    <tr>
      <th scope="row">
        <b>{of.label}</b>
        <p class="row-more">
          {of.key_id} · made {moment(of.created_at)} by {of.created_by}
        </p>
      </th>
      <td>{of.role}</td>
      <td>
        <Badge word={word} tone={tone} />
      </td>
      <td class="nowrap" data-name="Last used">
        {of.last_used_at ? moment(of.last_used_at) : "Never"}
      </td>
      <td class="nowrap" data-name="Expires">
        {of.expires_at ? moment(of.expires_at) : "Never"}
      </td>
      <td>{works && <RevokeKey of={of} revoked={revoked} />}</td>
    </tr>
  );
}

interface KeysProps {
  readonly keys: readonly ToldKey[];
  readonly revoked: () => void;
}

function Keys({ keys, revoked }: KeysProps) {
  const now = new Date();
  return (
    <Table caption="API keys, those that work first" columns={COLUMNS}>
      {ordered(keys, now).map(key => (
        <Row key={key.key_id} of={key} now={now} revoked={revoked} />
      ))}
    </Table>
  );
}

export function AccessView() {
  const answer = useAnswer("keys", listKeys);
  return (
    <>
      <Heading title="Access" lead="API keys let programs and people in; each can do what its role may.">
        <MakeKey made={answer.again} />
      </Heading>
      <Answered answer={answer} what="Loading the keys">
        {({ keys }) =>
          keys.length > 0 ? (
            <Keys keys={keys} revoked={answer.again} />
          ) : (
            <Empty title="There is no key yet." />
          )
        }
      </Answered>
    </>
  );
}
