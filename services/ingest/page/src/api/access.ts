/** What administrators ask for: the tenant's keys, and who asked for what. */

import { api, told } from "./client";
import type { AuditAnswer, KeyList, NewKey, ToldKey } from "./schema";

export type Role = ToldKey["role"];

export function listKeys(signal: AbortSignal): Promise<KeyList> {
  return told(api.GET("/api/v1/keys", { signal }));
}

/** *days*: how long it works; null: until it is revoked. */
export function createKey(label: string, role: Role, days: number | null): Promise<NewKey> {
  return told(api.POST("/api/v1/keys", { body: { label, role, scopes: [], expires_in_days: days } }));
}

export async function revokeKey(keyId: string): Promise<void> {
  await api.DELETE("/api/v1/keys/{key_id}", { params: { path: { key_id: keyId } } });
}

export async function audit(
  callId: string | null,
  signal: AbortSignal,
  cursor?: string,
): Promise<AuditAnswer> {
  const query = { limit: 50, ...(callId && { call_id: callId }), ...(cursor && { cursor }) };
  return told(api.GET("/api/v1/audit", { params: { query }, signal }));
}
