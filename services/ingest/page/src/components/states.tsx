/** What a view shows while there is nothing to show: it loads, there is nothing, it went wrong. */

import type { ComponentChildren } from "preact";
import type { Problem } from "../api/problem";
import { me } from "../api/session";
import type { Answer } from "../api/useAnswer";
import { lackWords } from "../words";

export function Loading({ what = "Loading" }: { readonly what?: string }) {
  return (
    <div class="state" role="status">
      <span class="spinner" aria-hidden="true" />
      <p>{what}…</p>
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

/** What exactly is wrong with what was sent. */
export function Wrong({ problem }: { readonly problem: Problem }) {
  return (
    <>
      {problem.errors.map(({ field, message }) => (
        <p key={`${field} ${message}`}>
          {field && <b>{field}: </b>}
          {message}
        </p>
      ))}
    </>
  );
}

/** What its reader may not see, and who helps. */
export function NotAllowed({ scope }: { readonly scope: string }) {
  return (
    <div class="state" role="alert">
      <p class="state-title">You may not do this</p>
      <p>{lackWords(scope, me.value?.role)}</p>
    </div>
  );
}

interface FailureProps {
  readonly problem: Problem;
  readonly again?: () => void;
}

/** Another try is offered where it may help. */
export function Failure({ problem, again }: FailureProps) {
  if (problem.scope !== null) return <NotAllowed scope={problem.scope} />;
  return (
    <div class="state failure" role="alert">
      <p class="state-title">{problem.status === 404 ? "Not found" : "That did not work"}</p>
      <p>{problem.detail}</p>
      <Wrong problem={problem} />
      {again && problem.status !== 404 && problem.status !== 403 && (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

interface AnsweredProps<T> {
  readonly answer: Answer<T>;
  readonly what?: string;
  readonly children: (value: T) => ComponentChildren;
}

/** The value, or why there is none; a newer answer on its way does not take the older one from sight. */
export function Answered<T>({ answer, what, children }: AnsweredProps<T>) {
  if (answer.value !== null) {
    return (
      <>
        {answer.problem && <Failure problem={answer.problem} again={answer.again} />}
        {children(answer.value)}
      </>
    );
  }
  if (answer.problem) return <Failure problem={answer.problem} again={answer.again} />;
  return <Loading {...(what ? { what } : {})} />;
}
