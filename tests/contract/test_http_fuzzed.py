"""Whatever the API's description allows, and some that it does not, is asked as each role."""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import pytest
import schemathesis
from common.access.scopes import Role
from hypothesis import HealthCheck, settings
from lone_door import lone_door
from onebox.contracts import OPENAPI, ROOT
from peopled_door import FOREIGN, SECRET
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES: Final = 50 if os.environ.get("CHAOS") == "all" else 3  # of each operation as each role
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
WHO: Final = ("nobody", *get_args(Role))

api = schemathesis.openapi.from_path(ROOT / OPENAPI)


@dataclass(frozen=True)
class Peopled:
    """Where the door is, and who may ask."""

    url: str
    keys: dict[str, str]

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who in self.keys else {}


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


@pytest.mark.parametrize("who", WHO)
@api.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_answers_as_it_says(case: Any, who: str, door: Peopled) -> None:
    """No fault of ours, no answer that the description does not have, no word of another tenant's."""
    answer = case.call(base_url=door.url, headers=door.headers(who), allow_redirects=False)

    assert SECRET not in answer.text
    case.validate_response(answer, checks=CHECKS)


@schemathesis.hook
def map_path_parameters(_context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the calls that are asked for are another tenant's."""
    if parameters and "call_id" in parameters and len(str(parameters["call_id"])) % 2:
        return parameters | {"call_id": FOREIGN.call_id}
    return parameters
