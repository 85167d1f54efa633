/** Ask. */

import { Heading } from "../components/heading";

export function AskView() {
  return <Heading title="Ask" />;
}
