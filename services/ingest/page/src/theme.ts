/** Light, dark, or as the reader's system is; remembered on this machine. */

import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const KEPT = "callstream.theme";

export const theme = signal<Theme>("system");
/** Counts changes of colours, the system's own too: canvases are drawn anew. */
export const repaint = signal(0);

function show(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  repaint.value += 1;
}

export function restoreTheme(): void {
  const kept = localStorage.getItem(KEPT);
  show(kept === "light" || kept === "dark" ? kept : "system");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(theme.value));
}

export function switchTheme(): void {
  show(NEXT[theme.value]);
  localStorage.setItem(KEPT, theme.value);
}

/** A token of the stylesheet as a colour that a canvas understands. */
export function colour(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
