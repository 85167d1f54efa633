/** What the form says of the recordings that are added next. */

import { FIELDS, type Metadata } from "./put";

/** The fields that are filled in; a local time is sent with its time zone. */
export function metadataOf(form: FormData): Metadata {
  const filled = FIELDS.map(name => [name, String(form.get(name) ?? "").trim()] as const).filter(
    ([, value]) => value,
  );
  const found = Object.fromEntries(filled) as Record<string, string>;
  if (found.started_at) found.started_at = new Date(found.started_at).toISOString();
  return found;
}
