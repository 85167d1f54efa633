/** A view's heading, which names the document, too. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface HeadingProps {
  readonly title: string;
  readonly lead?: string;
  /** Buttons beside it. */
  readonly children?: ComponentChildren;
}

export function Heading({ title, lead, children }: HeadingProps) {
  useEffect(() => {
    document.title = `${title} · Callstream`;
  }, [title]);
  return (
    <div class="heading">
      <div>
        <h1>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}
