/** Line icons on a grid of 24; decoration only, the word beside them or an aria-label tells. */

const PATHS = {
  calls: "M4 6h16M4 12h16M4 18h10",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
  ask: "M4 5h16v11h-9l-4 4v-4H4Z",
  overview: "M5 20v-7M12 20V5M19 20v-11",
  upload: "M12 16V4m-5 5 5-5 5 5M4 16v4h16v-4",
  failed: "M12 4 2.5 20h19ZM12 10v4.5M12 17.2v.3",
  access: "M8 10a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM11 11l8-8M15 7l3 3",
  audit: "M6 3h12v18H6ZM9 8h6M9 12h6M9 16h3",
  play: "M7 4.5v15l12-7.5Z",
  pause: "M8 5v14M16 5v14",
  back: "M4 5v5h5M4.6 10A8 8 0 1 1 4 14",
  forward: "M20 5v5h-5M19.4 10A8 8 0 1 0 20 14",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3",
  close: "M6 6l12 12M18 6 6 18",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
  system: "M4 5h16v11H4ZM9 20h6M12 16v4",
  keys: "M3 6h18v12H3ZM7 10h.01M11 10h.01M15 10h.01M7 14h10",
  redo: "M20 5v5h-5M19.4 10A8 8 0 1 0 20 14",
  download: "M12 4v12m-5-5 5 5 5-5M4 20h16",
  check: "M5 12.5l4.5 4.5L19 7.5",
  out: "M14 4h6v16h-6M4 12h11m-4-4 4 4-4 4",
  down: "M6 9l6 6 6-6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  const filled = name === "play";
  return (
    <svg class={filled ? "icon filled" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
