"""What the door says to names that it does not know: never that all is well."""

from typing import Any

import pytest
from door_scene import Door, problem
from ingest_scene import wav
from openapi import Operation, operations

# Where an issuer sends browsers back to, with what it likes to add.
OPEN_TO_ANY = "/session/callback"
ASKED = [each for each in operations() if each.method == "GET" and each.path != OPEN_TO_ANY]


def told(answer: Any) -> dict[str, str]:
    """What is said of each field."""
    return {each["field"]: each["message"] for each in answer.json()["errors"]}


@pytest.mark.parametrize("operation", ASKED, ids=str)
async def test_a_name_that_no_route_knows_is_refused(door: Door, operation: Operation) -> None:
    """Whatever is asked for: 422 names it."""
    asked = operation.request("c-1")
    answer = await door.client.request(**asked | {"params": asked["params"] | {"nosuchname": "1"}})

    assert 422 == problem(answer)[0]
    assert ["query.nosuchname"] == list(told(answer))
    assert "'query.nosuchname' is not known here" in problem(answer)[1]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/findings?typ=objection", {"query.typ": "is not known here: did you mean 'type'?"}),
        ("/insights?agents=Dana&form=week", {
            "query.agents": "is not known here: did you mean 'agent'?",
            "query.form": "is not known here, but agent, by, call_id, sentiment, since, speaker, status, top,"
            " type, until",
        }),
        ("/calls?agent=Dana", {"query.agent": "is not known here, but cursor, limit, since, status, until"}),
        ("/me?all=1", {"query.all": "is not known here: leave it out"}),
        ("/calls/c-1/redo?form=embed", {"query.form": "is not known here: did you mean 'from'?"}),
    ],
)  # fmt: skip
async def test_what_was_meant_is_told(door: Door, path: str, meant: dict[str, str]) -> None:
    """The nearest name, or all that there are."""
    method = "POST" if "redo" in path else "GET"
    answer = await door.client.request(method, f"/api/v1{path}")

    assert (422, meant) == (problem(answer)[0], told(answer))


async def test_a_field_of_an_upload_that_is_not_read_is_refused(door: Door) -> None:
    """What would be lost is said, and nothing is stored; what only its sender knows goes into ``extra``."""
    answer = await door.hand_in(fields={"agnet": "Dana", "agent": "Dana"})

    assert 422 == problem(answer)[0]
    assert {"body.agnet": "is not known here: did you mean 'agent'?"} == told(answer)
    assert {} == door.outside.bucket.objects


async def test_a_file_under_another_name_is_told_its_own(door: Door) -> None:
    """A form's files have names, too."""
    answer = await door.client.post("/api/v1/calls/upload", files={"files": ("a.wav", wav(), "audio/wav")})

    assert (422, {"body.files": "is not known here: did you mean 'file'?"}) == (
        problem(answer)[0],
        told(answer),
    )


@pytest.mark.parametrize(
    ("path", "body", "meant"),
    [
        ("/ask", {"question": "Why?", "agent": ["Dana"]}, {"body.agent": "did you mean 'agents'?"}),
        ("/keys", {"label": "x", "role": "users", "days": 9}, {"body.days": "is not known here, but"}),
        ("/session", {"key": "x", "kee": "y"}, {"body.kee": "did you mean 'key'?"}),
        (
            "/uploads",
            {"filename": "a", "size_bytes": 1, "agnet": "x"},
            {"body.agnet": "did you mean 'agent'?"},
        ),
        (
            "/uploads/u-00000000000000000000000000000000/complete",
            {"parts": [{"number": 1, "etag": "", "size": 1}]},
            {"body.parts.0.size": "is not known here"},
        ),
    ],
)  # fmt: skip
async def test_a_body_is_read_as_closely(
    door: Door, path: str, body: dict[str, Any], meant: dict[str, str]
) -> None:
    """JSON's names as those of queries and forms."""
    answer = await door.client.post(f"/api/v1{path}", json=body)

    said = told(answer)
    assert 422 == problem(answer)[0]
    assert all(text in said.get(name, "") for name, text in meant.items())


async def test_whoever_is_unknown_is_told_so_first(door: Door) -> None:
    """The way back from an issuer takes whatever the issuer adds: it is no issuer of ours that says it."""
    answer = await door.get(f"{OPEN_TO_ANY}?nosuchname=1&session_state=1&iss=https://issuer.example")

    assert 404 == problem(answer)[0]


async def test_a_long_name_is_not_told_in_full(door: Door) -> None:
    """Nor are hundreds of them."""
    long = "x" * 200
    answer = await door.get("/me?" + "&".join(f"{n:03}{long}=1" for n in range(30)))

    assert 422 == problem(answer)[0]
    assert [len("query.") + 100] * 20 == [len(name) for name in told(answer)]
