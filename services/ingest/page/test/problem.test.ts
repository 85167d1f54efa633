import assert from "node:assert/strict";
import { test } from "node:test";
import { asProblem, problemOf, secondsOf, UNREACHABLE } from "../src/api/problem";

const NOW = Date.parse("2026-11-23T10:00:00Z");

test("a problem document's own sentence is shown", () => {
  const problem = problemOf(409, '{"detail":"Just asked for.","reason":"claimed"}', null, NOW);
  assert.deepEqual([problem.status, problem.detail, problem.reason], [409, "Just asked for.", "claimed"]);
});

test("a proxy's page is told in our words", () => {
  const problem = problemOf(502, "<html>Bad Gateway</html>", null, NOW);
  assert.match(problem.detail, /does not answer/);
});

test("an unknown status without a body is told by its number", () => {
  assert.equal(problemOf(418, "", null, NOW).detail, "The server answered 418.");
});

test("the fields that do not fit are named", () => {
  const body = '{"detail":"No.","errors":[{"field":"started_at","message":"no date"},"part 3 is missing",3]}';
  assert.deepEqual(problemOf(400, body, null, NOW).errors, [
    { field: "started_at", message: "no date" },
    { field: null, message: "part 3 is missing" },
  ]);
});

test("Retry-After is read as seconds and as a date", () => {
  assert.equal(secondsOf("7", NOW), 7);
  assert.equal(secondsOf("Mon, 23 Nov 2026 10:00:30 GMT", NOW), 30);
  assert.equal(secondsOf("soon", NOW), null);
  assert.equal(secondsOf(null, NOW), null);
});

test("whatever the network throws is told as a server that cannot be reached", () => {
  assert.equal(asProblem(new TypeError("Failed to fetch")).detail, UNREACHABLE);
});

test("a refusal names the right that is missing, where the server says which", () => {
  const challenge = 'Bearer error="insufficient_scope", scope="ask"';
  assert.equal(problemOf(403, "", null, NOW, challenge).scope, "ask");
  assert.equal(problemOf(401, "", null, NOW, "Bearer").scope, null);
  assert.equal(problemOf(500, "", null, NOW).scope, null);
});
