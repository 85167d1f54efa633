/** Start: the key of the fragment becomes a session, then the page shows what it may. */

import "./styles/main.css";
import { render } from "preact";
import { navigate } from "wouter-preact/use-browser-location";
import { onSignedOut } from "./api/client";
import { asProblem } from "./api/problem";
import { findMe, me, signInByFragment } from "./api/session";
import { App } from "./app";
import { Failure, Loading } from "./components/states";
import { restoreShortcuts } from "./keyboard";
import { loginPath } from "./places";
import { resumePath } from "./resuming";
import { restoreTheme } from "./theme";
import { trustNothingElse } from "./trusted";

const page = document.getElementById("page")!;

function toLogin(): void {
  me.value = null;
  navigate(loginPath(resumePath()), { replace: true });
}

async function start(): Promise<void> {
  render(<Loading />, page);
  try {
    await signInByFragment();
    await findMe();
    render(<App />, page);
  } catch (error) {
    render(<Failure problem={asProblem(error)} again={() => void start()} />, page);
  }
}

trustNothingElse();
restoreTheme();
restoreShortcuts();
onSignedOut(toLogin);
void start();
