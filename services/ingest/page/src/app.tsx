/** Which view is at which address. */

import { Route, Switch } from "wouter-preact";
import { me } from "./api/session";
import { Empty } from "./components/states";
import { Shell } from "./shell";
import { AskView } from "./views/ask";
import { CallView } from "./views/call";
import { CallsView } from "./views/calls";
import { FailedView } from "./views/failed";
import { LoginView } from "./views/login";
import { OverviewView } from "./views/overview";
import { SearchView } from "./views/search";
import { UploadView } from "./views/upload";

function Views() {
  return (
    <Switch>
      <Route path="/" component={CallsView} />
      <Route path="/calls/:id">{({ id }) => <CallView key={id} callId={decodeURIComponent(id)} />}</Route>
      <Route path="/search" component={SearchView} />
      <Route path="/ask" component={AskView} />
      <Route path="/overview" component={OverviewView} />
      <Route path="/upload" component={UploadView} />
      <Route path="/failed" component={FailedView} />
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
