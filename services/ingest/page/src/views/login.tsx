/** Sign in: by an API key, or by the organisation's single sign-on where there is one. */

import "../styles/find.css";
import "../styles/login.css";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { send } from "../api/client";
import { signIn } from "../api/session";
import { useAnswer } from "../api/useAnswer";
import { useDoing } from "../api/useDoing";
import { Heading } from "../components/heading";
import { Answered, Empty } from "../components/states";
import { carriedPath, nextPath, refusedIn } from "../places";
import { loginRefusalWords } from "../words";

interface Options {
  readonly ways: readonly string[];
}

async function options(signal: AbortSignal): Promise<Options> {
  return (await (await send("/api/v1/session/options", { signal })).json()) as Options;
}

function ByKey() {
  const { busy, problem, run } = useDoing();
  const [, navigate] = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget as HTMLFormElement).get("key");
    run(signIn(String(key).trim()), () => navigate(nextPath(location.search), { replace: true }));
  };
  return (
    <form class="form" onSubmit={submit}>
      <label class="field">
        API key
        <input
          class="input"
          name="key"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          required
          aria-describedby="key-hint"
        />
      </label>
      <p id="key-hint" class="muted small">
        It begins with cs_. Your administrator makes one with <code>pipelinectl keys</code>.
      </p>
      {problem && (
        <p class="note tone-bad" role="alert">
          {problem.status === 401 ? "This key is not known, or no longer." : problem.detail}
        </p>
      )}
      <button type="submit" class="button primary" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}

function BySingleSignOn() {
  const next = encodeURIComponent(carriedPath(location.search));
  return (
    <a class="button primary" href={`/api/v1/session/oidc?next=${next}`}>
      Continue with single sign-on
    </a>
  );
}

/** Why single sign-on led back here; not said again when the page is loaded again or kept as a bookmark. */
function Refused() {
  const [{ code, rest }] = useState(() => refusedIn(location.search));
  useEffect(() => {
    if (code !== null) history.replaceState(history.state, "", location.pathname + rest);
  }, []);
  if (code === null) return null;
  return (
    <p class="note tone-bad" role="alert">
      {loginRefusalWords(code)}
    </p>
  );
}

export function LoginView() {
  const answer = useAnswer("session/options", options);
  return (
    <div class="login">
      <Heading title="Sign in" />
      <Refused />
      <Answered answer={answer}>
        {({ ways }) => (
          <div class="card stack">
            {ways.includes("oidc") && <BySingleSignOn />}
            {ways.includes("oidc") && ways.includes("keys") && <p class="or">or</p>}
            {ways.includes("keys") && <ByKey />}
            {ways.length === 0 && <Empty title="Nobody needs to sign in here." />}
          </div>
        )}
      </Answered>
    </div>
  );
}
