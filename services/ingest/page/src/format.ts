/** Times, sums and lengths in the reader's language. */

const locale = (): string | undefined => (typeof navigator === "undefined" ? undefined : navigator.language);

/** 61_000 → "1:01", 3_661_000 → "1:01:01". */
export function clock(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A length as an ISO 8601 duration, for `<time>`: "PT61.5S". */
export const isoDuration = (ms: number): string => `PT${Math.round(ms) / 1000}S`;

/** A length in words, of at most two units: "1 hr 1 min", "42 sec"; below ten seconds with a tenth. */
export function spell(ms: number, language = locale()): string {
  const seconds = ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  const shown = first < 0 ? [parts[2]!] : parts.slice(first, first + 2).filter(([n]) => n > 0);
  const format = (n: number, unit: string) =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit,
      unitDisplay: "short",
      maximumFractionDigits: 1,
    }).format(n);
  return shown.map(([n, unit]) => format(n, unit)).join(" ");
}

/** US dollars; small sums with as many digits as they need. */
export function money(usd: number, language = locale()): string {
  const digits = usd !== 0 && Math.abs(usd) < 0.1 ? 4 : 2;
  const options = { style: "currency", currency: "USD", minimumFractionDigits: 2 } as const;
  return new Intl.NumberFormat(language, { ...options, maximumFractionDigits: digits }).format(usd);
}

export function percent(share: number, language = locale()): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(share);
}

export function count(n: number, language = locale()): string {
  return new Intl.NumberFormat(language).format(n);
}

/** "1 call", "12 calls". */
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

export function bytes(n: number, language = locale()): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(units.length - 1, n < 1 ? 0 : Math.floor(Math.log10(n) / 3));
  const options = {
    style: "unit",
    unit: units[power]!,
    unitDisplay: "short",
    maximumFractionDigits: 1,
  } as const;
  return new Intl.NumberFormat(language, options).format(n / 1000 ** power);
}

/** An instant, wherever one is told: "Nov 23, 2026, 5:55 AM". */
export function moment(iso: string, language = locale(), timeZone?: string): string {
  const options = { dateStyle: "medium", timeStyle: "short", ...(timeZone ? { timeZone } : {}) } as const;
  return new Intl.DateTimeFormat(language, options).format(new Date(iso));
}

/** A quote that ends before its sentence does says so; *said*: the words it is taken from, where they are known. */
export function quoted(quote: string, said = ""): string {
  const at = said.indexOf(quote);
  const goesOn = at >= 0 && /^[^.!?…。！？]*[\p{L}\p{N}]/u.test(said.slice(at + quote.length));
  const ended = /[.!?…。！？]["”'’)\]]*$/.test(quote);
  return ended || !(goesOn || /[,;:–-]\s*$/.test(quote)) ? quote : `${quote.replace(/[\s,;:–-]+$/, "")}…`;
}

/** "next_step_agreed" → "Next step agreed". */
export function plain(code: string): string {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
