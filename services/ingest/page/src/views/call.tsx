import { Heading } from "../components/heading";
export function CallView({ callId }: { readonly callId: string }) {
  return <Heading title={callId} />;
}
