/** Which view is at which address. */

import type { ComponentChildren, ComponentType } from "preact";
import { Route, Switch } from "wouter-preact";
import { may, me } from "./api/session";
import { Heading } from "./components/heading";
import { Empty, NotAllowed } from "./components/states";
import { PLACES } from "./places";
import { Shell } from "./shell";
import { AccessView } from "./views/access";
import { AskView } from "./views/ask";
import { AuditView } from "./views/audit";
import { CallView } from "./views/call";
import { CallsView } from "./views/calls";
import { FailedView } from "./views/failed";
import { LoginView } from "./views/login";
import { OverviewView } from "./views/overview";
import { SearchView } from "./views/search";
import { UploadView } from "./views/upload";

const VIEWS: Readonly<Record<string, ComponentType>> = {
  "/": CallsView,
  "/search": SearchView,
  "/ask": AskView,
  "/overview": OverviewView,
  "/upload": UploadView,
  "/failed": FailedView,
  "/access": AccessView,
  "/audit": AuditView,
};

interface GuardProps {
  readonly name: string;
  readonly scope: string;
  readonly children: ComponentChildren;
}

/** Whoever comes to a view that is not theirs is told so, not sent away. */
function Guard({ name, scope, children }: GuardProps) {
  if (may(scope)) return <>{children}</>;
  return (
    <>
      <Heading title={name} />
      <NotAllowed scope={scope} />
    </>
  );
}

function Views() {
  return (
    <Switch>
      {PLACES.map(({ path, name, scope }) => {
        const View = VIEWS[path]!;
        return (
          <Route key={path} path={path}>
            <Guard name={name} scope={scope}>
              <View />
            </Guard>
          </Route>
        );
      })}
      <Route path="/calls/:id">
        {({ id }) => (
          <Guard name="Call" scope="read">
            <CallView key={id} callId={decodeURIComponent(id)} />
          </Guard>
        )}
      </Route>
      <Route>
        <Empty title="There is no such page." />
      </Route>
    </Switch>
  );
}

export function App() {
  return (
    <Shell>
      <Switch>
        <Route path="/login" component={LoginView} />
        <Route>{me.value ? <Views /> : null}</Route>
      </Switch>
    </Shell>
  );
}
