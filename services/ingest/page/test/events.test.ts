import assert from "node:assert/strict";
import { test } from "node:test";
import { finishedStages, type Progress, type Source, watch } from "../src/api/events";

class FakeSource extends EventTarget {
  readyState = 1;
  close(): void {
    this.readyState = 2;
  }
}

function watched() {
  const told: string[] = [];
  const source = new FakeSource();
  let address = "";
  const stop = watch(
    "c 1",
    {
      progress: call => told.push(call.status),
      ended: () => told.push("ended"),
      lost: () => told.push("lost"),
    },
    url => {
      address = url;
      return source as unknown as Source;
    },
  );
  return { told, source, stop, address };
}

const call = (status: string) => new MessageEvent("call", { data: JSON.stringify({ status }) });

test("progress is told until the call ends, and then the stream is closed", () => {
  const { told, source, address } = watched();
  source.dispatchEvent(call("analyzing"));
  source.dispatchEvent(call("completed"));
  source.dispatchEvent(new Event("end"));
  assert.deepEqual(told, ["analyzing", "completed", "ended"]);
  assert.deepEqual([address, source.readyState], ["/api/v1/calls/c%201/events", 2]);
});

test("a connection that the browser mends is no loss, one that it gives up is", () => {
  const { told, source } = watched();
  source.readyState = 0;
  source.dispatchEvent(new Event("error"));
  assert.deepEqual(told, []);
  source.readyState = 2;
  source.dispatchEvent(new Event("error"));
  assert.deepEqual(told, ["lost"]);
});

test("whoever looks away closes the stream", () => {
  const { source, stop } = watched();
  stop();
  assert.equal(source.readyState, 2);
});

test("a stage is through once it has finished, not while it works", () => {
  const stage = (finished_at: string | null) => ({ finished_at }) as Progress["journal"][string];
  assert.equal(finishedStages({ journal: {} }), "");
  assert.equal(finishedStages({ journal: { ingest: stage(null) } }), "");
  const journal = { transcribe: stage("b"), ingest: stage("a"), analyze: stage(null) };
  assert.equal(finishedStages({ journal }), "ingest transcribe");
});
