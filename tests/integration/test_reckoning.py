"""What MongoDB adds up for the API: costs from the ledger, statuses from the journal, rates from analyses."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from common.index import Filters
from common.journal import Failure, Journal
from common.model import Analysis, Call, CallKey, CallMetadata
from common.pipeline import EMBED, INGEST
from common.store import Store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest import rates, standings
from ingest.costs import PARTS, Cost, CostQuery, Costs, Part, Spending, place
from ingest.rates import Rate, Rates
from ingest.standings import Standings, TooMany
from nouns import KEY, insights, work

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
PAID = {"outcome": "ok", "usd": 0.1, "at_most_usd": 0.3, "input_tokens": 7, "output_tokens": 2}
ENDS: dict[str, dict[str, Any]] = {
    "paid": PAID,
    "under way": {"outcome": "started", "at_most_usd": 0.3},
    "lost": {"outcome": "unknown", "usd": None, "at_most_usd": 0.3},
    "not taken": {"outcome": "throttled", "usd": 0.0, "at_most_usd": 0.3},
    "without a price": {"outcome": "unknown", "usd": None, "at_most_usd": None},
}
CHOICES = (
    ("day", ("2026-11-20", "2026-11-21", "2026-11-22")),
    ("stage", ("analyze", "search")),
    ("model", ("large", "small")),
    ("call_id", ("c-1", "c-2", None)),
)


def asked(*by: Part, **more: Any) -> CostQuery:
    """Three days in November."""
    days = {"since": date(2026, 11, 20), "until": date(2026, 11, 23)}
    return CostQuery.model_validate({"tenant_id": "acme", "by": by} | days | more)


def row(n: int, end: str, **more: Any) -> dict[str, Any]:
    """A row of the ledger."""
    plain = {"tenant_id": "acme", "day": "2026-11-22", "stage": "analyze", "model": "large", "call_id": "c-1"}
    return {"_id": str(n), **plain, "audio_seconds": 1.5, **ENDS[end], **more}


async def all_pages(costs: Costs, query: CostQuery, size: int) -> list[Cost]:
    """The rows, so many at a time."""
    found: list[Cost] = []
    while page := [
        each async for each in costs.rows(query, size, place(found[-1], query.by) if found else ())
    ]:
        found += page
    return found


async def test_what_is_known_is_apart_from_what_may_be(database: Any) -> None:
    """Every end a request can have."""
    await database["ledger"].insert_many([row(n, end) for n, end in enumerate(ENDS)])

    assert Spending(
        requests=5,
        started=1,
        unknown=2,
        input_tokens=7,
        output_tokens=2,
        audio_seconds=1.5,
        cost_usd=0.1,
        at_most_usd=0.7,
    ) == await Costs(database["ledger"]).total(asked())


async def test_nothing_spent_is_zero(database: Any) -> None:
    """And has no rows; nobody else's are ours."""
    await database["ledger"].insert_one(row(1, "paid", tenant_id="globex"))
    costs = Costs(database["ledger"])

    assert (Spending(), []) == (await costs.total(asked()), await all_pages(costs, asked("day"), 5))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_rows_of_any_cut_and_page_add_up(database: Any, data: st.DataObject) -> None:
    """However they are told apart: each group once, in order, and together the total."""
    drawn = {name: st.sampled_from(values) for name, values in CHOICES}
    shape = st.tuples(st.sampled_from(sorted(ENDS)), st.fixed_dictionaries(drawn))
    given_rows = [
        row(n, end, **more) for n, (end, more) in enumerate(data.draw(st.lists(shape, max_size=12)))
    ]
    by = tuple(data.draw(st.lists(st.sampled_from(PARTS), min_size=1, unique=True)))
    await database["ledger"].delete_many({})
    if given_rows:
        await database["ledger"].insert_many(given_rows)
    costs, query = Costs(database["ledger"]), asked(*by)

    whole = [each async for each in costs.rows(query)]
    assert whole == await all_pages(costs, query, data.draw(st.integers(1, 4)))
    groups = {tuple(each[part] or "" for part in PARTS if part in by) for each in given_rows}
    assert sorted(groups) == [place(each, by) for each in whole]
    total = await costs.total(query)
    for name in Spending.model_fields:
        assert round(getattr(total, name), 6) == round(sum(getattr(each, name) for each in whole), 6)


async def test_only_calls_that_may_have_chunks_have_a_standing(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those on their way to the first chunks have none, those that are through need none."""
    journal = Journal(database["journal"])
    await journal.begin(KEY, INGEST, NOW)
    for call_id, revision in (("c-1", 1), ("c-1", 2), ("c-2", 1)):
        key = CallKey(tenant_id="acme", call_id=call_id, revision=revision)
        await journal.begin(key, EMBED, NOW)
        if revision == 1:
            await journal.finish(key, EMBED, NOW, 1.0, None)
    late = CallKey(tenant_id="acme", call_id="c-3")
    await journal.begin(late, EMBED, NOW)
    found = Standings(database["journal"])

    assert {"c-1": "embedding", "c-3": "embedding"} == await found.unsettled("acme")
    assert {"c-3": "embedding"} == await found.unsettled("acme", ["c-2", "c-3", KEY.call_id])
    assert {} == await found.unsettled("globex")
    monkeypatch.setattr(standings, "MOST", 1)
    with pytest.raises(TooMany):
        await found.unsettled("acme")


async def test_calls_that_were_mended_name_no_room(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many failed once: what is through by now is not among those that a question has to name."""
    journal = Journal(database["journal"])
    failure = Failure(stage="embed", reason="stuck", message="stood still", timestamp=NOW)
    for call_id in ("c-1", "c-2", "c-3"):
        key = CallKey(tenant_id="acme", call_id=call_id)
        await journal.begin(key, EMBED, NOW)
        failed = await journal.fail(key, EMBED, NOW, failure, final=True)
        opened = await journal.redo(failed, EMBED, 4, NOW)
        await journal.finish(opened.key, EMBED, NOW, 1.0, None)
    monkeypatch.setattr(standings, "MOST", 1)

    assert {} == await Standings(database["journal"]).unsettled("acme")


async def test_rates_are_counted_over_newest_analyses(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the calls that are chosen, each in its newest revision, of what may be shown."""
    calls, analyses = Store(database["calls"], Call), Store(database["analyses"], Analysis)
    for n, answers in enumerate((("no", "yes"), ("no",), ("partly",))):
        for revision, answer in enumerate(answers, start=1):
            key = CallKey(tenant_id="acme", call_id=f"c-{n}", revision=revision)
            proof = {"utterance_ids": ("u1",), "quote": "q", "verified": True}
            told = {"question_id": "price_named", "answer": answer, "evidence": (proof,)}
            found = {**insights().model_dump(), "scorecard": (told,)}
            kept = {"insights": found, "prompt_version": "1", "work": work("m")}
            await analyses.keep(Analysis.model_validate({**dict(key), **kept}))
        began = CallMetadata(started_at=NOW - timedelta(days=n))
        await calls.keep(Call(**dict(key), metadata=began, created_at=NOW))
    counted = Rates(database["analyses"], database["calls"])
    lately = Filters(since=NOW - timedelta(days=1))

    states = {"no": 1, "partly": 1, "yes": 1}
    of_all = Rate(id="price_named", calls=3, states=states, share=0.3333)
    of_late = Rate(id="price_named", calls=2, states={"no": 1, "yes": 1}, share=0.5)
    assert {"scorecard": (of_all,)} == await counted.of(["scorecard"], "acme", Filters())
    assert {"scorecard": (of_late,), "categories": ()} == await counted.of(
        ["scorecard", "categories"], "acme", lately
    )
    assert {"scorecard": ()} == await counted.of(["scorecard"], "globex", Filters())
    monkeypatch.setattr(rates, "MOST", 1)
    assert {"scorecard": None} == await counted.of(["scorecard"], "acme", lately)
