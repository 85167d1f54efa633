"""What the API tells of a call's revisions."""

from typing import Any

from common.model import Analysis, CallKey, Category, Criteria, Evidence, Insights, QualityValidation
from common.pipeline import ANALYZE
from door_scene import KEY, WORK, Door, complete, evidence, pain, problem
from ingest_scene import NOW

TOLD = evidence("it is slow", verified=True)
INVENTED = evidence("it is fast", verified=False)


async def redone(door: Door, **found: Any) -> None:
    """The call has a second analysis, that finds something else."""
    await complete(door.outside)
    first = await door.outside.analyses.find(KEY)
    assert first is not None
    assert first.insights is not None
    key = CallKey(tenant_id="default", call_id="c-1", revision=2)
    await door.outside.journal.begin(key, ANALYZE, NOW)
    insights = Insights[Evidence].model_validate(first.insights.model_dump() | found)
    quality = QualityValidation(score=0.4, level="low", issues=())
    criteria = Criteria(
        categories=(
            Category(id="greeted", text="The caller is greeted.", rule="absence"),
            Category(id="slow", text="Slowness is lamented."),
            Category(id="fast", text="Speed is praised."),
        )
    )
    second = Analysis(
        **dict(key),
        insights=insights,
        quality_validation=quality,
        criteria=criteria,
        prompt_version="2",
        work=WORK,
    )
    await door.outside.analyses.keep(second)


async def test_revisions_are_listed_newest_first(door: Door) -> None:
    """Each with the analysis that it shows, in short."""
    await redone(door)
    told = (await door.get("/calls/c-1/revisions")).json()

    assert ("c-1", [2, 1], ["2", "1"], [0.4, None], ["low", None]) == (
        told["call_id"],
        *(
            [each[name] for each in told["revisions"]]
            for name in ("revision", "prompt_version", "quality", "level")
        ),
    )
    assert [(1, 1)] * 2 == [(each["findings"], each["unverified"]) for each in told["revisions"]]


async def test_a_difference_tells_what_came_went_and_changed(door: Door) -> None:
    """Findings by name or by the utterances they rest on; sentiment and outcome before and after."""
    pieces = (pain(TOLD).model_copy(update={"severity": "high"}).model_dump(),)
    topic = {"topic": "Speed", "evidence": (TOLD.model_dump(),)}
    await redone(door, pain_points=pieces, key_topics=(topic,), call_outcome="unresolved")
    there = (await door.get("/calls/c-1/revisions/1/diff/2")).json()
    back = (await door.get("/calls/c-1/revisions/2/diff/1")).json()

    assert ("unknown", "unresolved") == (there["before"]["call_outcome"], there["after"]["call_outcome"])
    assert [("changed", "pain_points"), ("came", "key_topics")] == [
        (each["what"], each["kind"]) for each in there["changes"]
    ]
    assert ("low", "high") == tuple(there["changes"][0][side]["severity"] for side in ("before", "after"))
    assert [("changed", "pain_points"), ("went", "key_topics")] == [
        (each["what"], each["kind"]) for each in back["changes"]
    ]


async def test_a_difference_shows_nothing_unverified(door: Door) -> None:
    """What nobody said neither comes nor goes."""
    await redone(door, key_topics=({"topic": "Speed", "evidence": (INVENTED.model_dump(),)},))

    assert [] == (await door.get("/calls/c-1/revisions/1/diff/2")).json()["changes"]


async def test_what_is_not_there_cannot_be_compared(door: Door) -> None:
    """A call, a revision, an analysis."""
    await complete(door.outside)
    await door.outside.journal.begin(CallKey(tenant_id="default", call_id="c-2"), ANALYZE, NOW)
    await door.outside.journal.begin(CallKey(tenant_id="acme", call_id="c-3"), ANALYZE, NOW)

    for path in ("c-9/revisions", "c-3/revisions", "c-1/revisions/1/diff/7", "c-2/revisions/1/diff/1"):
        assert 404 == problem(await door.get(f"/calls/{path}"))[0]


async def test_a_call_says_what_its_analysis_is_worth(door: Door) -> None:
    """Quality, the tenant's own questions as they were asked, and the categories the call is of."""
    present = {"category_id": "slow", "present": True, "evidence": (TOLD.model_dump(),)}
    invented = {"category_id": "fast", "present": True, "evidence": (INVENTED.model_dump(),)}
    absent = {"category_id": "greeted", "present": False, "evidence": ()}
    await redone(door, categories=(present, invented, absent))
    analysis = (await door.call("c-1"))["analysis"]

    assert ("low", ["greeted", "slow"], 2) == (
        analysis["quality_validation"]["level"],
        analysis["matched"],
        analysis["unverified"],
    )
    assert ["slow", "greeted"] == [each["category_id"] for each in analysis["insights"]["categories"]]
