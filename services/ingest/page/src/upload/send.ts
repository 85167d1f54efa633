/** A recording on its way to the API, in one piece or in parts. */

import { signedOut } from "../api/client";
import { Problem } from "../api/problem";
import type { Uploaded } from "../api/schema";
import { inParts } from "./parts";
import { put, type Sending } from "./put";

const IN_ONE_PIECE = 1024 ** 3; // bytes, what the API takes in one request

async function whole(sending: Sending): Promise<Uploaded> {
  const body = new FormData();
  for (const [name, value] of Object.entries(sending.metadata)) if (value) body.append(name, value);
  body.append("file", sending.file);
  const answer = await put({ method: "POST", address: "/api/v1/calls/upload", body }, sending);
  return JSON.parse(answer.responseText) as Uploaded;
}

/** Hand a recording in; what is too large for one request goes in parts, each tried again by itself. */
export async function handIn(sending: Sending): Promise<Uploaded> {
  if (sending.file.size > IN_ONE_PIECE) return inParts(sending);
  try {
    return await whole(sending);
  } catch (error) {
    const status = error instanceof Problem ? error.status : null;
    if (status === 401) signedOut();
    if (status !== 413) throw error;
    sending.progress(0); // what was refused has to be sent again
    return inParts(sending);
  }
}
