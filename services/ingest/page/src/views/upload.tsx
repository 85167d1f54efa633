import { Heading } from "../components/heading";
export function UploadView() {
  return <Heading title="Upload" />;
}
