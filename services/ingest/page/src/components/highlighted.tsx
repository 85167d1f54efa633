/** A search's highlight as text nodes: `<em>` marks, the five entities are read back, anything else is text. */

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#x27": "'",
  "#39": "'",
  "#x2F": "/",
  "#x2f": "/",
};

export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

const unescaped = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#x27|#39|#x2F|#x2f);/g, (_, name: string) => ENTITIES[name] ?? "");

export function pieces(highlight: string): Piece[] {
  let marked = false;
  return highlight.split(/(<\/?em>)/).flatMap(part => {
    if (part === "<em>" || part === "</em>") {
      marked = part === "<em>";
      return [];
    }
    return part ? [{ text: unescaped(part), marked }] : [];
  });
}

export function Marked({ pieces }: { readonly pieces: readonly Piece[] }) {
  return <>{pieces.map((piece, n) => (piece.marked ? <mark key={n}>{piece.text}</mark> : piece.text))}</>;
}
