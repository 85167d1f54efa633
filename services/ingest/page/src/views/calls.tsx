import { Heading } from "../components/heading";
export function CallsView() {
  return <Heading title="Calls" />;
}
