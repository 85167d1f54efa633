/** Columns over time, each of which leads to its calls. */

import { Link } from "wouter-preact";

export interface Part {
  readonly size: number;
  /** The class that gives it its colour. */
  readonly tone: string;
}

export interface Column {
  readonly key: string;
  /** What stands below it, if there is room. */
  readonly name: string;
  /** All that it shows, in words. */
  readonly told: string;
  readonly parts: readonly Part[];
  readonly href?: string;
}

const NAMED = 5; // columns at most that are named

const sizeOf = (column: Column): number => column.parts.reduce((sum, part) => sum + part.size, 0);

function Bar({ column, most }: { readonly column: Column; readonly most: number }) {
  const size = sizeOf(column);
  const bar = (
    <span class="column-bar" style={{ height: `${(100 * size) / most}%` }} aria-hidden="true">
      {column.parts.map(part => (
        // shares, as parts that grow by less than 1 in all leave the rest empty
        <span key={part.tone} class={`part ${part.tone}`} style={{ flexGrow: part.size / (size || 1) }} />
      ))}
    </span>
  );
  if (!column.href || size === 0) {
    return (
      <span class="column" role="img" aria-label={column.told} title={column.told}>
        {bar}
      </span>
    );
  }
  return (
    <Link class="column" href={column.href} aria-label={column.told} title={column.told}>
      {bar}
    </Link>
  );
}

interface ColumnsProps {
  readonly label: string;
  readonly columns: readonly Column[];
  /** What the highest column amounts to, in words. */
  readonly top: (most: number) => string;
}

export function Columns({ label, columns, top }: ColumnsProps) {
  const most = Math.max(...columns.map(sizeOf), 0);
  const every = Math.ceil(columns.length / NAMED);
  return (
    <div class="columns-frame">
      <span class="columns-top" aria-hidden="true">
        {most > 0 && top(most)}
      </span>
      <ol class="columns" aria-label={label}>
        {columns.map((column, n) => (
          <li key={column.key}>
            <Bar column={column} most={most || 1} />
            <span class="column-name" aria-hidden="true">
              {n % every === 0 && column.name}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
