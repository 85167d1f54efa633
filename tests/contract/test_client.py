"""The Python client that `make client` generates is one that works, and knows what it is answered."""

import asyncio
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from door_scene import Door
from ingest_scene import wav
from onebox.contracts import ROOT

PACKAGE = "callstream_client"


class Generated:
    """The modules of a generated client, and its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> ModuleType:
        return importlib.import_module(f"{PACKAGE}.{name}")

    def of(self, door: Door) -> Any:
        """A client of *door*."""
        client = self["client"].Client(base_url="http://127.0.0.1:8000")
        return client.set_async_httpx_client(door.client)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    """Generate it as the Makefile does."""
    into = tmp_path_factory.mktemp("client") / "client"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["openapi-python-client", "generate", "--meta", "uv", "--fail-on-warning"]
    where = ["--path", "services/ingest/openapi.json", "--output-path", str(into)]
    where += ["--custom-template-path", "services/ingest/client"]
    subprocess.run([*command, *where], cwd=ROOT, env={**os.environ, "PATH": path}, check=True)  # noqa: S603
    sys.path.insert(0, str(into))
    yield Generated(into)
    sys.path.remove(str(into))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


async def test_a_call_is_handed_in_and_found(generated: Generated, door: Door) -> None:
    """Everything that is answered has a type."""
    client, models = generated.of(door), generated["models"]
    file = generated["types"].File(payload=BytesIO(wav()), file_name="call.wav", mime_type="audio/wav")

    taken = await generated["api.calls.upload"].asyncio(
        client=client, body=models.BodyUpload(file=file, agent="Dana")
    )
    listed = await generated["api.calls.list_calls"].asyncio(client=client)
    call = await generated["api.calls.get_call"].asyncio(taken.call_id, client=client)

    assert models.Uploaded(call_id=taken.call_id, status="uploaded", metadata_ignored=[]) == taken
    assert [taken.call_id] == [each.call_id for each in listed.calls]
    assert "uploaded" == call.status


async def test_a_refusal_is_a_problem(generated: Generated, door: Door) -> None:
    """What went wrong and what helps, for a program."""
    found = await generated["api.calls.get_call"].asyncio("c-unknown", client=generated.of(door))

    assert isinstance(found, generated["models"].Problem)
    assert (404, "There is no such call.") == (found.status, found.detail)


async def test_what_was_said_is_found(generated: Generated, door: Door) -> None:
    """Calls, passages and times come as such."""
    found = await generated["api.search.search"].asyncio(client=generated.of(door), q="price")

    assert "price" == found.query
    assert [] == found.calls


def first_call(generated: Generated) -> str:
    """The program that the client's README begins with."""
    (found,) = re.findall(
        r"```python\n(.*?)```", (generated.folder / "README.md").read_text("utf-8"), re.DOTALL
    )
    return str(found)


async def test_its_readme_is_ours(generated: Generated) -> None:
    """Short; nothing of the generator's, and no place that is left to be filled in."""
    text = (generated.folder / "README.md").read_text("utf-8")

    assert text.startswith("# callstream-client\n")
    assert 45 > len(text.splitlines())
    assert set() == {word for word in ("example.com", "SuperSecretToken", "Poetry", "{{") if word in text}


async def test_what_its_readme_shows_works(
    generated: Generated, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program as it stands, each operation asked of the door: all are there, and answer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "call.wav").write_bytes(wav())
    for name, value in {"CALLSTREAM_URL": "http://127.0.0.1:8000", "CALLSTREAM_KEY": "none"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(generated["client"].AuthenticatedClient, "get_httpx_client", through(door))
    told: dict[str, Any] = {}
    await asyncio.to_thread(exec, first_call(generated), told)

    assert [told["taken"].call_id] == [each.call_id for each in told["newest"].calls]
    assert ("Dana", "is it too expensive") == (told["call"].metadata.agent, told["found"].query)


def through(door: Door) -> Any:
    """What asks *door*, which lives in this loop, from the thread of a program that knows of none."""
    loop = asyncio.get_running_loop()

    class Asking(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked = door.client.request(
                request.method, str(request.url), headers=request.headers, content=request.read()
            )
            answer = asyncio.run_coroutine_threadsafe(asked, loop).result(30)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    asking = httpx.Client(base_url="http://127.0.0.1:8000", transport=Asking())
    return lambda _client: asking
