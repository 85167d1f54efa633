/** Failed. */

import { Heading } from "../components/heading";

export function FailedView() {
  return <Heading title="Failed" />;
}
