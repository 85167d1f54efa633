"""The matrix role × route × tenant, generated from the API's description."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
from access_scene import guarded, known, minted
from common.access.scopes import SCOPES, Role, Scope
from door_scene import KEY, Door, problem
from ingest.api import entrance
from openapi import Operation, operations
from whole_call import whole

OPEN = {"/health", "/session", "/session/options", "/session/oidc", "/session/callback"}
ALL = operations()
GUARDED = [operation for operation in ALL if operation.path not in OPEN]
OF_ONE = [operation for operation in GUARDED if operation.of_one]
UNKNOWN = {"key_id": "0" * 16, "upload_id": f"u-{'0' * 32}"}


class Counted:
    """A collection of which is counted what it is asked."""

    def __init__(self, collection: Any, tally: Counter[str]) -> None:
        self._collection = collection
        self._tally = tally

    def __getattr__(self, name: str) -> Any:
        self._tally[name] += 1
        return getattr(self._collection, name)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with guarded() as door:
        await whole(door.outside, KEY, "slow")
        yield door


@pytest.fixture
def tally(door: Door) -> Counter[str]:
    tally = Counter[str]()
    for rows in door.outside.rows.values():
        rows._collection = Counted(rows._collection, tally)
    return tally


def test_the_description_says_what_every_route_needs() -> None:
    """One scope; nothing but what is open needs no proof, and every scope is needed by something."""
    assert OPEN == {operation.path for operation in ALL if operation.open}
    assert SCOPES["admins"] | {None} == {operation.scope for operation in GUARDED}
    assert ["GET /me"] == [str(operation) for operation in GUARDED if operation.scope is None]
    assert OF_ONE


async def test_nobody_passes_unknown(door: Door) -> None:
    """401 in the same words everywhere, whatever is asked for."""
    nobody = await door.get("/me")
    answers = {str(each): await door.client.request(**each.request("c-1")) for each in GUARDED}

    assert 401 == problem(nobody)[0]
    assert dict.fromkeys(answers, (401, nobody.content)) == {
        name: (answer.status_code, answer.content) for name, answer in answers.items()
    }


class Everything(frozenset[str]):
    """Holds whatever is looked for."""

    def __contains__(self, _name: object) -> bool:
        return True


async def test_no_route_trusts_the_entrance(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were all of them open to strangers, each would still ask who is there."""
    monkeypatch.setattr(entrance, "OPEN", Everything())
    answers = {str(each): await door.client.request(**each.request("c-1")) for each in GUARDED}

    assert dict.fromkeys(answers, 401) == {name: answer.status_code for name, answer in answers.items()}


@pytest.mark.parametrize("role", get_args(Role))
async def test_each_role_may_do_what_its_scopes_say(door: Door, role: Role) -> None:
    """403 beyond that, and never where it may."""
    statuses = await asked(door, await known(door, role, "globex"))

    forbidden = {str(each) for each in GUARDED if each.scope not in {*SCOPES[role], None}}
    assert forbidden == {name for name, status in statuses.items() if status == 403}
    assert not {401, 500} & set(statuses.values())


@pytest.mark.parametrize("scope", sorted(SCOPES["admins"]))
async def test_a_key_is_good_for_its_scopes_alone(door: Door, scope: Scope) -> None:
    """Whatever else its maker may do."""
    statuses = await asked(door, await known(door, "users", "globex", scope))

    allowed = {str(each) for each in GUARDED if each.scope in {scope, None}}
    assert allowed == {name for name, status in statuses.items() if status != 403}


async def asked(door: Door, header: dict[str, str]) -> dict[str, int]:
    """What each route answers."""
    return {
        str(each): (await door.client.request(**each.request(_unknown(each)), headers=header)).status_code
        for each in GUARDED
    }


@pytest.mark.parametrize("operation", OF_ONE, ids=str)
async def test_what_is_anothers_is_as_if_it_were_not_there(
    door: Door, tally: Counter[str], operation: Operation
) -> None:
    """404, the same body, and as many questions to the database."""
    header = await known(door, "admins", "globex")
    foreign = (await minted(door, "users")).key
    theirs = await _theirs(door, operation, foreign.key_id)
    answers, asked = [], []
    for identifier in (theirs, _unknown(operation)):
        await door.client.get("/api/v1/me", headers=header)  # so that the key's use was noted before
        tally.clear()
        answers.append(await door.client.request(**operation.request(identifier), headers=header))
        asked.append(dict(tally))

    assert await door.outside.security["api_keys"].alive(foreign.key_id, door.outside.now)
    assert [404, 404] == [problem(answer)[0] for answer in answers]
    assert answers[0].content == answers[1].content
    assert asked[0] == asked[1]


@pytest.mark.parametrize("operation", OF_ONE, ids=str)
async def test_its_owner_is_told(door: Door, operation: Operation) -> None:
    """So that the wall above stands before something; parts that never came are no 404, either."""
    ours = (await minted(door, "users")).key
    theirs = await _theirs(door, operation, ours.key_id)
    answer = await door.client.request(**operation.request(theirs), headers=await known(door, "admins"))

    refused = 409 if operation.path.endswith("/complete") else None
    assert refused == (answer.status_code if answer.is_error else None)


async def test_a_question_about_anothers_call_is_one_about_no_call(door: Door) -> None:
    """Ids in a body are walled, too."""
    header = await known(door, "admins", "globex")
    answers = [
        await door.client.post("/api/v1/ask", json={"question": "why?", "call_ids": [call]}, headers=header)
        for call in ("c-1", "c-unknown")
    ]

    assert [404, 404] == [problem(answer)[0] for answer in answers]
    assert answers[0].content == answers[1].content


async def test_lists_and_searches_are_of_ones_own_tenant(door: Door) -> None:
    """Whatever is asked of the index is asked for the tenant; lists hold nothing of another."""
    header = await known(door, "admins", "globex")
    paths = ("/calls", "/search?q=slow", "/insights", "/findings", "/costs")
    answers = [await door.client.get(f"/api/v1{path}", headers=header) for path in paths]

    assert [200] * len(paths) == [answer.status_code for answer in answers]
    assert [] == answers[0].json()["calls"]
    index = door.outside.index
    assert {"globex"} == {query.tenant_id for query in index.asked} | {told[1] for told in index.counted}


async def _theirs(door: Door, operation: Operation, key_id: str) -> str:
    """A thing of the default tenant's that the route could be about."""
    if "tenant_id" in operation.names:
        return "default"
    if "upload_id" not in operation.names:
        return key_id if "key_id" in operation.names else "c-1"
    (begin,) = [each for each in GUARDED if str(each) == "POST /uploads"]
    begun = await door.client.request(**begin.request(""), headers=await known(door))
    return str(begun.json()["upload_id"])


def _unknown(operation: Operation) -> str:
    return next((UNKNOWN[name] for name in operation.names if name in UNKNOWN), "c-unknown")
