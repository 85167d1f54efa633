/** What stands below a list of which there is more. */

import type { Pages } from "../api/usePages";
import { Failure } from "./states";

interface FurtherProps {
  readonly of: Pick<Pages<object>, "more" | "loadingMore" | "problem">;
  /** What there is more of. */
  readonly what?: string;
}

export function Further({ of: { more, loadingMore, problem }, what = "" }: FurtherProps) {
  return (
    <>
      {problem && <Failure problem={problem} {...(more ? { again: more } : {})} />}
      {more && !problem && (
        <button type="button" class="button" disabled={loadingMore} onClick={more}>
          {loadingMore ? "Loading…" : `More ${what}`.trim()}
        </button>
      )}
    </>
  );
}
