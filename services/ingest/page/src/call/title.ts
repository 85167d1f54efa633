/** What a call is called. */

import type { CallMetadata } from "../api/schema";

type Named = Partial<Pick<CallMetadata, "customer" | "company_name" | "agent">> | null | undefined;

/** "Dana with Bluebird", "Bluebird", or the id. */
export function titleOf(callId: string, named: Named): string {
  const other = named?.company_name ?? named?.customer;
  if (named?.agent && other) return `${named.agent} with ${other}`;
  return other ?? (named?.agent ? `Call by ${named.agent}` : callId);
}
