import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { believesLinks, keyIn } from "../src/api/session";
import { pieces } from "../src/components/highlighted";
import { callPath, carriedPath, loginPath, nextPath, refusedIn } from "../src/places";
import { frameOnly } from "../src/trusted";
import { loginRefusalWords, speakerNumber } from "../src/words";

test("a highlight's marks become pieces, and its entities the characters they stand for", () => {
  assert.deepEqual(pieces("a &lt;b&gt; <em>price</em> &amp;amp;"), [
    { text: "a <b> ", marked: false },
    { text: "price", marked: true },
    { text: " &amp;", marked: false },
  ]);
});

test("any other markup in a highlight is text", () => {
  assert.deepEqual(pieces("<img src=x>"), [{ text: "<img src=x>", marked: false }]);
});

test("a key is read from the fragment alone", () => {
  assert.equal(keyIn("#key=cs_a-b"), "cs_a-b");
  assert.equal(keyIn("#other"), null);
});

test("signing in leads back to a path of this page, never elsewhere", () => {
  assert.equal(nextPath("?next=%2Fcalls%2Fc-1%3Ft%3D5"), "/calls/c-1?t=5");
  for (const elsewhere of ["https://evil.example", "//evil.example", "/\\evil.example", "/login?next=/x"]) {
    assert.equal(nextPath(`?next=${encodeURIComponent(elsewhere)}`), "/");
  }
  assert.equal(loginPath("/calls/c-1?t=5"), "/login?next=%2Fcalls%2Fc-1%3Ft%3D5");
  assert.equal(loginPath("/login?next=%2Fask"), "/login?next=%2Fask");
});

test("a single sign-on carries as much as the door takes, and of a longer path the view", () => {
  const described = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf-8"));
  const [next] = described.paths["/api/v1/session/oidc"].get.parameters;
  const longest = `/ask?q=${"x".repeat(next.schema.maxLength - "/ask?q=".length)}`;
  assert.equal(carriedPath(`?next=${encodeURIComponent(longest)}`), longest);
  assert.equal(carriedPath(`?next=${encodeURIComponent(`${longest}x`)}`), "/ask");
});

test("a link to a moment names it in milliseconds", () => {
  assert.equal(callPath("c-1", 1234.6), "/calls/c-1?t=1235");
  assert.equal(callPath("c-1", null, 2), "/calls/c-1?revision=2");
  assert.equal(callPath("c-1"), "/calls/c-1");
});

test("no HTML is trusted but the waveform's frame and none", () => {
  const frame = `
      <style>:host { min-width: 1px }</style>

      <div class="scroll" part="scroll">
        <div class="wrapper" part="wrapper">
          <div class="canvases" part="canvases"></div>
          <div class="progress" part="progress"></div>
          <div class="cursor" part="cursor"></div>
        </div>
      </div>
    `;
  assert.match(frameOnly(frame) ?? "", /^<div class="scroll".*<\/div>$/);
  assert.equal(frameOnly(""), "");
  assert.equal(frameOnly(`${frame}<img src=x onerror=alert(1)>`), null);
  assert.equal(frameOnly("<b>bold</b>"), null);
});

test("agent and customer keep their colours whoever speaks first", () => {
  assert.deepEqual(
    ["customer", "agent", "supervisor"].map(each => speakerNumber(each, ["customer", "agent", "supervisor"])),
    [2, 1, 3],
  );
  assert.deepEqual(
    ["s1", "s2"].map(each => speakerNumber(each, ["s1", "s2"])),
    [1, 2],
  );
});

test("a link signs its reader in on this machine alone", () => {
  const hosts = ["localhost", "127.0.0.1", "[::1]", "calls.example.com", "127.0.0.1.example.com", "10.0.0.7"];
  assert.deepEqual(hosts.map(believesLinks), [true, true, true, false, false, false]);
});

test("why single sign-on led back is taken out of the address, where to go on to stays", () => {
  assert.deepEqual(refusedIn("?next=%2Ffailed&refused=denied"), { code: "denied", rest: "?next=%2Ffailed" });
  assert.deepEqual(refusedIn("?refused=expired"), { code: "expired", rest: "" });
  assert.deepEqual(refusedIn(""), { code: null, rest: "" });
});

test("each reason of single sign-on has a sentence of its own, an unheard-of one a plain one", () => {
  const told = ["denied", "expired", "unknown", "unavailable", "constructor"].map(loginRefusalWords);
  assert.equal(new Set(told).size, 5);
  assert.equal(told.at(-1), "Single sign-on did not work. Try again.");
});
