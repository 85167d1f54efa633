/** Search. */

import { Heading } from "../components/heading";

export function SearchView() {
  return <Heading title="Search" />;
}
