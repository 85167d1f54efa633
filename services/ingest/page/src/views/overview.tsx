/** Overview. */

import { Heading } from "../components/heading";

export function OverviewView() {
  return <Heading title="Overview" />;
}
