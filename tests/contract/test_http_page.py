"""The page is served, and each answer says what a browser may do with it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from door_scene import Door, opened, problem
from ingest.page.files import BUILT
from ingest.page.policy import HEADERS
from ingest_scene import Outside, door_settings

MOST_SCRIPT = 200_000  # bytes
READER = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Outside(door_settings())) as door:
        yield door


def directives(policy: str) -> dict[str, str]:
    """A content security policy, by directive."""
    return dict(each.split(" ", 1) for each in policy.split("; "))


@pytest.mark.parametrize("path", ["/", "/calls/c-1?t=62762", "/search", "/nothing/of/the/kind"])
async def test_a_browser_is_shown_the_page_at_each_of_its_addresses(door: Door, path: str) -> None:
    """Its script knows the views; the index itself is asked for each time."""
    answer = await door.client.get(path, headers=READER)

    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert (BUILT / "index.html").read_bytes() == answer.content
    assert "no-cache" == answer.headers["cache-control"]
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v1", "/static/nothing.js", "/robots.txt", "/health/nothing"]
)
async def test_what_is_no_view_is_not_answered_by_the_page(door: Door, path: str) -> None:
    """Unknown addresses of the API and unknown files are problems, whoever asks."""
    assert 404 == problem(await door.client.get(path, headers=READER))[0]


async def test_a_program_is_never_told_200_for_an_address_that_is_nobody_s(door: Door) -> None:
    """Nor is anything written to a view."""
    assert 404 == problem(await door.client.get("/v1/calls", headers={"accept": "*/*"}))[0]
    assert 404 == problem(await door.client.post("/search", headers=READER))[0]


async def test_files_named_by_their_hash_are_kept_for_good_and_travel_compressed(door: Door) -> None:
    """Script and style; a file is not left through its folder."""
    index = (BUILT / "index.html").read_text()
    for name in re.findall(r'"(/static/[^"]+-[A-Z0-9]{8}\.(?:js|css))"', index):
        answer = await door.client.get(name, headers={"accept-encoding": "gzip"})

        assert 200 == answer.status_code
        assert "public, max-age=31536000, immutable" == answer.headers["cache-control"]
        assert (BUILT / name.removeprefix("/static/")).read_bytes() == answer.content
    assert "gzip" == (await door.client.get(first_script(index))).headers["content-encoding"]
    assert 404 == (await door.client.get("/static/%2e%2e/files.py")).status_code


def first_script(index: str) -> str:
    found = re.search(r'<script type="module" src="([^"]+)"', index)
    assert found is not None
    return found[1]


def test_the_page_is_one_that_a_strict_policy_lets_run() -> None:
    """No inline script or style, nothing from elsewhere."""
    index = (BUILT / "index.html").read_text()

    assert not re.search(r"<script(?![^>]+src=)|<style| style=| on\w+=", index)
    assert {"/"} == {address[0] for address in re.findall(r'(?:src|href)="([^"]+)"', index)}


def test_the_page_s_script_is_small() -> None:
    """All of what is served of it: a phone on a slow network reads it before anything is shown."""
    sizes = [file.stat().st_size for file in BUILT.rglob("*.js")]

    assert 0 < sum(sizes) < MOST_SCRIPT


async def test_the_page_may_play_what_presigned_addresses_lead_to_and_nothing_else(door: Door) -> None:
    """Scripts and styles are its own, recordings the object store's; it is framed by nobody."""
    policy = directives((await door.client.get("/", headers=READER)).headers["content-security-policy"])

    assert {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self' https://s3.test",
        "media-src": "'self' https://s3.test",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    } == policy


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/calls", 200),
        ("/api/v1/calls/c-unknown", 404),
        ("/api/v1/calls?limit=many", 422),
        ("/static/nothing.js", 404),
        ("/metrics", 200),
        ("/openapi.json", 200),
    ],
)
async def test_every_answer_says_what_a_browser_may_do_with_it(door: Door, path: str, status: int) -> None:
    """Problems and metrics, too."""
    answer = await door.client.get(path)

    assert status == answer.status_code
    assert dict(HEADERS).items() <= {name: answer.headers.get(name) for name in HEADERS}.items()
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("path", ["/calls", "/calls/c-unknown", "/search?q=slow", "/findings", "/me"])
async def test_nobody_in_between_keeps_what_the_api_answers(door: Door, path: str) -> None:
    """A cache that two people share would hand one's calls to the other: a cookie alone tells them apart."""
    assert "private" in (await door.get(path)).headers["cache-control"]


async def test_a_refusal_at_the_gate_and_a_fault_of_ours_say_it_too(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's 403 and a 500."""

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(door.app.state.opened["journal"], "newest", fail)
    refused = await door.client.get("/api/v1/calls", headers={"Host": "calls.test"})
    broken = await door.client.get("/api/v1/calls")

    assert (403, 500) == (refused.status_code, broken.status_code)
    for answer in (refused, broken):
        assert dict(HEADERS).items() <= {name: answer.headers.get(name) for name in HEADERS}.items()


@pytest.mark.parametrize(
    ("address", "public_url", "told"),
    [
        ("https://calls.test", None, True),
        ("http://10.0.0.7:8000", "https://calls.test", True),
        ("http://10.0.0.7:8000", "http://calls.test", False),
    ],
)
async def test_over_https_a_browser_is_told_to_stay_there(
    address: str, public_url: str | None, *, told: bool
) -> None:
    """For a year; behind a proxy that ends TLS, too. Problems say it as answers do."""
    async with opened(Outside(door_settings(auth="keys", public_url=public_url)), address) as door:
        answers = [await door.client.get(f"/api/v1{path}") for path in ("/health", "/me")]

    expected = "max-age=31536000" if told else None
    assert [expected] * 2 == [answer.headers.get("strict-transport-security") for answer in answers]


async def test_the_description_needs_no_cdn_and_runs_under_a_policy(door: Door) -> None:
    """Its viewer is served from here, and its own scripts are named by their hashes."""
    answer = await door.client.get("/docs", headers=READER)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    policy = directives(answer.headers["content-security-policy"])

    assert [200] * len(addresses) == [(await door.client.get(each)).status_code for each in addresses]
    assert addresses
    assert "'unsafe-inline'" not in policy["script-src"]
    assert answer.text.count("<script>") == policy["script-src"].count("'sha256-")


async def test_pages_elsewhere_act_as_their_reader_only_where_they_are_named(door: Door) -> None:
    """Credentials go to origins of CORS_ORIGINS; a wildcard gets none."""
    async with opened(Outside(door_settings(cors_origins=("http://localhost:3000",)))) as open_to_one:
        named = await open_to_one.get("/calls", Origin="http://localhost:3000")
    unnamed = await door.get("/calls", Origin="http://localhost:3000")
    async with opened(Outside(door_settings(cors_origins=("*",)))) as open_to_all:
        any_page = await open_to_all.get("/calls", Origin="http://evil.test")

    assert "true" == named.headers["access-control-allow-credentials"]
    assert "access-control-allow-origin" not in unnamed.headers
    assert "*" == any_page.headers["access-control-allow-origin"]
    assert "access-control-allow-credentials" not in any_page.headers
