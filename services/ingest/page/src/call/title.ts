/** What a call is called. */

import type { CallMetadata } from "../api/schema";
import { moment } from "../format";

type Named =
  | Partial<Pick<CallMetadata, "customer" | "company_name" | "agent" | "started_at" | "filename">>
  | null
  | undefined;

/** "Dana with Bluebird", "Bluebird", its file's name, or when it was; its id while nothing is known. */
export function titleOf(callId: string, named: Named, createdAt?: string): string {
  const other = named?.company_name ?? named?.customer;
  if (named?.agent && other) return `${named.agent} with ${other}`;
  if (other) return other;
  if (named?.agent) return `Call by ${named.agent}`;
  if (named?.filename) return named.filename;
  const at = named?.started_at ?? createdAt;
  return at ? `Call of ${moment(at)}` : callId;
}
