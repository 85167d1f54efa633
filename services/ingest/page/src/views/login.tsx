/** Sign in with an API key. */

import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { asProblem, type Problem } from "../api/problem";
import { signIn } from "../api/session";
import { Heading } from "../components/heading";
import { Failure } from "../components/states";
import { nextPath } from "../places";

export function LoginView() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [, navigate] = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget as HTMLFormElement).get("key");
    signIn(String(key)).then(
      () => navigate(nextPath(location.search), { replace: true }),
      error => setProblem(asProblem(error)),
    );
  };
  return (
    <>
      <Heading title="Sign in" />
      {problem && <Failure problem={problem} />}
      <form class="card form" onSubmit={submit}>
        <label class="field">
          API key
          <input class="input" name="key" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="button primary">
          Sign in
        </button>
      </form>
    </>
  );
}
