/** Where to go on after a session has ended, for views that hold more than their address tells. */

let held: string | null = null;

/** What the view would lose, as an address that brings it back; null: nothing. */
export function resumeAt(path: string | null): void {
  held = path;
}

export const resumePath = (): string => held ?? location.pathname + location.search;
