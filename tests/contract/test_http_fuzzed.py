"""Whatever the API's description allows, and some that it does not, is asked as each role."""

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args
from zlib import crc32

import httpx
import pytest
import schemathesis
from common.access.scopes import Role
from door_scene import KEY
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from lone_door import lone_door
from onebox.contracts import OPENAPI, ROOT
from peopled_door import FOREIGN, OWNER, SECRET
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

AT_LENGTH: Final = os.environ.get("CHAOS") == "all"
EXAMPLES: Final = 50 if AT_LENGTH else 6  # of each operation, beside those at the bounds of what is described
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
# Of each event schemathesis asks what OpenAPI 3.1 says of a stream's whole body: to be a text.
OF_STREAMS: Final = [check for check in CHECKS if check is not response_schema_conformance]
WHO: Final = ("nobody", *get_args(Role))

Operation = APIOperation[Any, Any, Any, Any]
Asked = Case[Operation]


@dataclass(frozen=True)
class Peopled:
    """Where the door is, and who may ask."""

    url: str
    keys: dict[str, str]

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who in self.keys else {}

    def told(self, path: str, who: str) -> httpx.Response:
        return httpx.get(f"{self.url}/api/v1{path}", headers=self.headers(who))

    def answers_as_described(self, case: Asked) -> None:
        for who in asking(case):
            answer = case.call(base_url=self.url, headers=self.headers(who), allow_redirects=False)

            assert SECRET not in answer.text
            streamed = answer.headers.get("content-type", [""])[0].startswith("text/event-stream")
            case.validate_response(answer, checks=OF_STREAMS if streamed else CHECKS)


def operations() -> list[tuple[str, str]]:
    """The path and the method of each."""
    paths = json.loads((ROOT / OPENAPI).read_text())["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peopled]:
    """One process for all that is asked."""
    folder = tmp_path_factory.mktemp("door")
    loop = asyncio.new_event_loop()
    life = lone_door(folder, "peopled_door:create", KEYS=str(folder / "keys.json"))
    lone = loop.run_until_complete(life.__aenter__())
    yield Peopled(f"http://127.0.0.1:{lone.port}", json.loads(Path(folder / "keys.json").read_text()))
    loop.run_until_complete(life.__aexit__(None, None, None))
    loop.close()


TOLD: Final = [
    *("/calls", "/search?q=slow", "/findings", "/insights"),
    *("/calls/{}", "/calls/{}/transcript", "/calls/{}/peaks", "/calls/{}/similar"),
    "/calls/{}/revisions/1/diff/2",
]
"""Where the secret is, of a call or of all."""


@pytest.mark.parametrize("path", TOLD)
def test_the_owner_is_told_the_secret(path: str, door: Peopled) -> None:
    """So that its absence from others' answers says something."""
    answer = door.told(path.format(FOREIGN.call_id), OWNER)

    assert (200, True) == (answer.status_code, SECRET in answer.text)


@pytest.mark.parametrize("path", TOLD)
def test_the_other_tenant_is_told_of_its_own(path: str, door: Peopled) -> None:
    """A call of the same kind, and no word of the secret."""
    answer = door.told(path.format(KEY.call_id), "admins")

    assert (200, False) == (answer.status_code, SECRET in answer.text)


@cache
def described() -> BaseSchema:
    """Read by the process that asks, not by each that collects."""
    return schemathesis.openapi.from_path(ROOT / OPENAPI)


@pytest.fixture(params=operations())
def operation(request: pytest.FixtureRequest) -> Operation:
    path, method = request.param
    return described()[path][method]


def test_it_answers_as_it_says(operation: Operation, door: Peopled) -> None:
    """No fault of ours, no answer that the description does not have, no word of another tenant's."""

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def whatever_is_asked(case: Asked) -> None:
        door.answers_as_described(case)

    whatever_is_asked()


def test_it_answers_as_it_says_at_the_bounds(operation: Operation, door: Peopled) -> None:
    """The same for the least and the most of each field, and for what is just beyond."""
    api = operation.schema
    modes, told = list(GenerationMode), api.config.generation_for(operation=operation, phase="coverage")
    cases = list(api.iter_coverage_cases(operation, generation_modes=modes, generation_config=told))
    for case in cases:
        door.answers_as_described(case)

    assert cases


def asking(case: Asked) -> Sequence[str]:
    """At length everybody; else who may do all, and one of the others, always the same for the same case."""
    if AT_LENGTH:
        return WHO
    asked = repr((case.method, case.path_parameters, case.query, case.headers, case.body))
    return WHO[-1], WHO[crc32(asked.encode()) % (len(WHO) - 1)]


@schemathesis.hook
def map_path_parameters(_context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the calls that are asked for are another tenant's."""
    if parameters and "call_id" in parameters and len(str(parameters["call_id"])) % 2:
        return parameters | {"call_id": FOREIGN.call_id}
    return parameters
