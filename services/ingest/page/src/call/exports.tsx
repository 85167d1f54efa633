/** The transcript as a file. */

import { useEffect, useRef } from "preact/hooks";
import { FORMATS, transcriptAddress } from "../api/calls";
import { Icon } from "../components/icon";

const TOLD: Readonly<Record<(typeof FORMATS)[number], string>> = {
  txt: "Plain text",
  srt: "SubRip subtitles",
  vtt: "WebVTT subtitles",
  csv: "Spreadsheet",
  json: "Everything, with each word's time",
};

interface ExportsProps {
  readonly callId: string;
  readonly revision: number | null;
}

/** A menu that closes on Escape, which leads back to its button, and on a click elsewhere. */
export function Exports({ callId, revision }: ExportsProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const inside = menu.current?.contains(event.target as Node);
      const escaped = event instanceof KeyboardEvent && event.key === "Escape";
      if (!menu.current?.open || !(escaped || (event.type === "click" && !inside))) return;
      menu.current.open = false;
      if (escaped && inside) menu.current.querySelector("summary")?.focus();
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details class="menu" ref={menu}>
      <summary class="button">
        <Icon name="download" /> Export
      </summary>
      <ul>
        {FORMATS.map(format => (
          <li key={format}>
            <a href={transcriptAddress(callId, format, revision)} download={`${callId}.${format}`}>
              <b>{format.toUpperCase()}</b> <span class="muted small">{TOLD[format]}</span>
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}
