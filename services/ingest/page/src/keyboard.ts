/** Single keys as shortcuts; they can be switched off (WCAG 2.1.4) and never act while somebody types. */

import { signal } from "@preact/signals";

const KEPT = "callstream.shortcuts";

export const shortcuts = signal(true);

export function restoreShortcuts(): void {
  shortcuts.value = localStorage.getItem(KEPT) !== "off";
}

export function switchShortcuts(on: boolean): void {
  shortcuts.value = on;
  localStorage.setItem(KEPT, on ? "on" : "off");
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}

/** Space belongs to what has the focus: a button is pressed by it. */
function taken(event: KeyboardEvent): boolean {
  const pressed = event.target instanceof HTMLElement && event.target.closest("button, a, summary, audio");
  return event.key === " " && Boolean(pressed);
}

export function mine(event: KeyboardEvent): boolean {
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  const modal = document.querySelector("dialog[open]") !== null;
  return (
    shortcuts.value &&
    !modified &&
    !modal &&
    !event.defaultPrevented &&
    !typing(event.target) &&
    !taken(event)
  );
}

/** What a key does; false: nothing this time, somebody else may take it. */
export type Keys = Readonly<Record<string, () => unknown>>;

/** Listen to the keys of *keys* until the returned stop is called. */
export function listen(keys: Keys): () => void {
  const pressed = (event: KeyboardEvent) => {
    const act = mine(event) ? keys[event.key] : undefined;
    if (act && act() !== false) event.preventDefault();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}
