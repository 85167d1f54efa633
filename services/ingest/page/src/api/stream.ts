/** Server-sent events as the answer of a POST, which `EventSource` cannot ask for. */

import { send } from "./client";

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads events out of the pieces in which they come, wherever these are cut. */
export class EventReader {
  private rest = "";

  /** The events that are whole by now. */
  read(piece: string): ServerEvent[] {
    const blocks = (this.rest + piece).replaceAll("\r\n", "\n").split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.flatMap(block => eventOf(block) ?? []);
  }
}

function eventOf(block: string): ServerEvent | null {
  const fields = block.split("\n").filter(line => line !== "" && !line.startsWith(":"));
  const values = (name: string) =>
    fields.flatMap(line =>
      line.startsWith(`${name}:`) ? [line.slice(name.length + 1).replace(/^ /, "")] : [],
    );
  const data = values("data");
  return data.length ? { event: values("event").at(-1) ?? "message", data: data.join("\n") } : null;
}

/** Ask, and tell each event as it comes; resolves at the end of the answer. */
export async function streamed(
  path: string,
  body: unknown,
  signal: AbortSignal,
  tell: (event: ServerEvent) => void,
): Promise<void> {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  const answer = await send(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  const pieces = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const reader = new EventReader();
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
    reader.read(piece.value).forEach(tell);
  }
}
