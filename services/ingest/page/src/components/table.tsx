/** A table, its columns named. */

import type { ComponentChildren } from "preact";

interface TableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  /** Those of numbers. */
  readonly numbers?: readonly string[];
  /** Its rows. */
  readonly children: ComponentChildren;
}

export function Table({ caption, columns, numbers = [], children }: TableProps) {
  return (
    <table class="table">
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(name => (
            <th key={name} scope="col" class={numbers.includes(name) ? "number" : undefined}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
