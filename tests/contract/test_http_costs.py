"""What the API tells of costs: the ledger's sums, by what one likes, of nobody else."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from common.account import Account, accounting
from common.ledger import Ledger, Means, Spent
from common.metrics import metrics_on
from common.model import CallKey, Work
from common.providers import Asked
from door_scene import Door, problem
from ingest.api.costs import CostsAnswer
from ingest_scene import NOW, Outside
from prometheus_client import CollectorRegistry

DAY = timedelta(days=1)
WORK = Work(
    provider="p", model="m", cost_usd=0.1, requests=1, input_tokens=7, output_tokens=2, audio_seconds=1.5
)


class Stop(Exception):
    """The worker dies."""


async def asked(outside: Outside, what: str, call_id: str | None, **more: Any) -> None:
    """One request that is answered: *what* is a stage and a model."""
    await _row(outside, what, call_id, Asked("asking", "p", what, work=WORK), **more)


async def lost(outside: Outside, call_id: str) -> None:
    """One request of which nobody knows what became."""
    with pytest.raises(Stop):
        await _row(outside, "transcribe m", call_id, None)


async def _row(
    outside: Outside,
    what: str,
    call_id: str | None,
    answer: Asked | None,
    at: datetime = NOW,
    tenant: str = "default",
) -> None:
    stage, model = what.split(" ", 1)
    ledger = Ledger(outside.rows["ledger"], stage, days=1, means=Means(now=lambda: at))
    account = Account(stage, metrics_on(CollectorRegistry()).providers, {})
    account.tenant_id = tenant
    account.key = CallKey(tenant_id=tenant, call_id=call_id) if call_id else None
    with accounting(account):
        async with ledger.calling("p", model, 0.25, 9.0) as row:
            row.asked = answer
            if answer is None:
                raise Stop


async def seed(outside: Outside) -> None:
    """Two days, three stages, two calls and a question; and somebody else's call."""
    for call_id in ("c-1", "c-2"):
        await asked(outside, "transcribe ears", call_id)
        await asked(outside, "transcribe ears", call_id, at=NOW - DAY)
        await asked(outside, "analyze brain", call_id)
    await asked(outside, "search sense", None)
    await lost(outside, "c-1")
    await asked(outside, "analyze brain", "c-1", tenant="globex")


async def costs(door: Door, query: str = "") -> Any:
    answer = await door.get(f"/costs?{query}")
    assert 200 == answer.status_code
    return answer.json()


async def test_costs_are_told_by_day_stage_and_model(door: Door) -> None:
    """In order, what is unsettled apart, of nobody else."""
    await seed(door.outside)
    answer = await costs(door)

    rows = [
        (*(row[name] for name in ("day", "stage", "model", "requests", "unknown")), row["cost_usd"])
        for row in answer["rows"]
    ]
    assert [
        ("2026-11-21", "transcribe", "ears", 2, 0, 0.2),
        ("2026-11-22", "analyze", "brain", 2, 0, 0.2),
        ("2026-11-22", "search", "sense", 1, 0, 0.1),
        ("2026-11-22", "transcribe", "ears", 2, 0, 0.2),
        ("2026-11-22", "transcribe", "m", 1, 1, 0.0),
    ] == rows
    assert {
        "requests": 8,
        "started": 0,
        "unknown": 1,
        "input_tokens": 49,
        "output_tokens": 14,
        "audio_seconds": 10.5,
        "cost_usd": 0.7,
        "at_most_usd": 0.95,
    } == answer["total"]


async def test_the_sum_is_the_ledgers(door: Door) -> None:
    """Of a call and its rows, however they are told apart."""
    await seed(door.outside)
    own = await Ledger(door.outside.rows["ledger"], "any", days=1).of_call("default", "c-1")
    for by in ("by=day", "by=model&by=stage", "by=call_id", ""):
        answer = await costs(door, f"call_id=c-1&{by}")
        total, rows = answer["total"], answer["rows"]
        for sums in (total, {name: round(sum(row[name] for row in rows), 9) for name in total}):
            assert own == Spent(usd=sums.pop("cost_usd"), **sums)


async def test_costs_are_told_by_call(door: Door) -> None:
    """What belongs to no call is one row."""
    await seed(door.outside)
    rows = (await costs(door, "by=call_id"))["rows"]

    assert [(None, 1, 0.1), ("c-1", 4, 0.3), ("c-2", 3, 0.3)] == [
        (row["call_id"], row["requests"], row["cost_usd"]) for row in rows
    ]
    assert {None} == {row[name] for row in rows for name in ("day", "stage", "model")}


@pytest.mark.parametrize("by", ["by=day&by=stage&by=model&by=call_id", "by=call_id&by=day", "by=model"])
async def test_pages_have_every_row_once(door: Door, by: str) -> None:
    """However small they are."""
    await seed(door.outside)
    whole, rows, cursor = (await costs(door, by))["rows"], [], ""
    while True:
        page = await costs(door, f"{by}&limit=1{cursor}")
        rows += page["rows"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert whole == rows


async def test_days_are_bounded(door: Door) -> None:
    """From the first to the one before the last; a month to now unless others are named."""
    await seed(door.outside)
    await asked(door.outside, "analyze brain", "c-0", at=NOW - 31 * DAY)

    queries = ("", "since=2026-11-22", "until=2026-11-22", "since=2026-10-01&until=2026-11-22")
    assert [8, 6, 2, 3] == [(await costs(door, query))["total"]["requests"] for query in queries]


async def test_costs_are_had_as_a_sheet(door: Door) -> None:
    """All rows at once, by parameter or by Accept; a name cannot be a formula."""
    await seed(door.outside)
    await asked(door.outside, "analyze =cmd|' /C calc'!A0", "c-1")
    by_name = await door.get("/costs?format=csv&limit=1&by=model&by=call_id")
    by_accept = await door.get("/costs?by=model&by=call_id", Accept="text/csv, application/json;q=0.5")

    assert by_name.text == by_accept.text
    assert "text/csv; charset=utf-8; header=present" == by_name.headers["content-type"]
    assert 'attachment; filename="costs.csv"' == by_name.headers["content-disposition"]
    rows = list(csv.DictReader(StringIO(by_name.text)))
    assert ["model", "call_id", "requests"] == list(rows[0])[:3]
    assert ["'=cmd|' /C calc'!A0", "brain", "brain", "ears", "ears", "m", "sense"] == [
        row["model"] for row in rows
    ]
    assert "" == rows[-1]["call_id"]


async def test_a_sheet_names_its_columns_as_json_does(door: Door) -> None:
    """Whoever goes from one to the other finds the same figures under the same names."""
    await seed(door.outside)
    by = "&".join(f"by={part}" for part in ("day", "stage", "model", "call_id"))
    (row, *_) = (await costs(door, by))["rows"]
    sheet = csv.DictReader(StringIO((await door.get(f"/costs?format=csv&{by}")).text))

    assert sheet.fieldnames is not None
    assert row.keys() == set(sheet.fieldnames)


async def test_nothing_spent_is_an_answer(door: Door) -> None:
    """Zeros, no rows; a sheet of a header."""
    answer = await costs(door)

    assert ([], 0, 0.0) == (answer["rows"], answer["total"]["requests"], answer["total"]["cost_usd"])
    assert "call_id" == (await door.get("/costs?format=csv&by=call_id")).text.split(",")[0]


BAD = {
    "since=2026-11-22&until=2026-11-22": 400,
    "since=2099-01-01": 400,
    "since=yesterday": 422,
    "by=tenant_id": 422,
    "by=day&by=day&by=day&by=day&by=day": 422,
    "limit=0": 422,
    "limit=1001": 422,
    "cursor=W10": 400,
    "format=pdf": 422,
    "call_id=a:b": 422,
}


async def test_a_bad_question_is_a_problem(door: Door) -> None:
    """What is asked wrongly is said."""
    assert BAD == {query: problem(await door.get(f"/costs?{query}"))[0] for query in BAD}


async def test_another_form_is_not_acceptable(door: Door) -> None:
    """406 names what there is."""
    assert 406 == problem(await door.get("/costs", Accept="image/png"))[0]


async def test_a_cursor_is_of_one_question(door: Door) -> None:
    """Other days, or told apart otherwise: other pages."""
    await seed(door.outside)
    cursor = (await costs(door, "by=model&limit=1"))["next"]

    for query in ("by=call_id", "by=model&call_id=c-1", "by=model&until=2026-11-22", "by=model&by=day"):
        assert 400 == problem(await door.get(f"/costs?{query}&limit=1&cursor={cursor}"))[0]


async def test_a_sheet_that_cannot_be_begun_is_a_problem(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent before the first rows are there."""

    def fail(_pipeline: Any) -> Any:
        raise RuntimeError("no database")

    monkeypatch.setattr(door.outside.rows["ledger"], "aggregate", fail)

    assert 500 == problem(await door.get("/costs?format=csv"))[0]


async def test_the_example_is_an_answer_of_today(door: Door) -> None:
    """OpenAPI shows what is really answered, under a name that clients can be made from."""
    told = (await door.client.get("/openapi.json")).json()["paths"]["/api/v1/costs"]["get"]
    content = told["responses"]["200"]["content"]
    example = content["application/json"]["example"]

    assert ("costs", {"application/json", "text/csv"}) == (told["operationId"], content.keys())
    assert example == json.loads(CostsAnswer.model_validate(example).model_dump_json())
    assert datetime(2026, 11, 1, tzinfo=UTC).date().isoformat() == example["since"]
