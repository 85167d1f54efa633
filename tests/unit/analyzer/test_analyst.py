"""One question as a rule, its parts if it is long, one repair at most; and nothing is paid twice."""

from typing import cast

import pytest
from analyzer.analyst import Analyst, Rules
from analyzer.criteria import Catalogue
from analyzer.prompt import CONSOLIDATION, PROMPT, instructions
from analyzer.remembered import RememberedModel
from common.completions import CutOff
from common.errors import Permanent
from common.language_model import LanguageModel
from common.model import CallKey, ScorecardQuestion
from common.prompting import tokens
from common.work import Claims
from fakes import FakeClaims, FakeModel, no_budget
from nouns import citation, insights, objection, transcript, work

PAID = work("gpt-6-luna", cost_usd=0.001, input_tokens=100, output_tokens=10)
GOOD = insights(call_outcome="unknown", objections=(objection(citation("your price is too high", "u2")),))
BAD = insights(objections=(objection(citation("no budget until May", "u2")),))
LONG = transcript(spoken=tuple(("customer", f"Remark {n}: your price is too high.") for n in range(60)))
PART = insights(objections=(objection(citation("your price is too high", "u1")),))
ROOMY = 50_000


class Scene:
    """An analyst, its model and what it remembers."""

    def __init__(
        self, *answers: object, room: int = ROOMY, least: float = 0.8, catalogue: Catalogue | None = None
    ) -> None:
        self.model = FakeModel(*answers, work=PAID)  # type: ignore[arg-type]
        self.claims = FakeClaims()
        remembered = RememberedModel(
            cast("LanguageModel", self.model), cast("Claims", self.claims), no_budget()
        )
        self.analyst = Analyst(remembered, Rules(room=room, least=least), catalogue or Catalogue({}, {}))

    @property
    def prompts(self) -> list[str]:
        """Which prompt each question came with."""
        names = {instructions(name): name for name in (PROMPT, CONSOLIDATION)}
        return [names[asked[0]] for asked in self.model.asked]


async def test_a_good_answer_is_all_that_is_asked_for() -> None:
    """One call of the model, kept with how it was asked."""
    scene = Scene(GOOD)
    concluded = await scene.analyst.conclude(transcript())

    assert ([PROMPT], PAID) == (scene.prompts, concluded.work)
    assert (1, False, {"max_completion_tokens": "16000"}) == (
        concluded.asking.windows,
        concluded.asking.repaired,
        concluded.asking.parameters,
    )
    assert "high" == concluded.draft.quality.level


async def test_what_the_tenant_did_not_ask_is_not_answered() -> None:
    """Whoever can bound lists is told how many questions there are, and makes up none."""
    question = ScorecardQuestion(id="price", text="Was the price named?")
    scene = Scene(GOOD, catalogue=Catalogue({"acme": (question,)}, {}))
    await scene.analyst.conclude(transcript())

    assert {"scorecard": 1, "categories": 0} == scene.model.at_most


async def test_a_bad_answer_is_repaired_once() -> None:
    """The model is told what failed; the better answer is kept, and both are paid."""
    scene = Scene(BAD, GOOD)
    concluded = await scene.analyst.conclude(transcript())

    assert (2, 0.002, 200) == (
        concluded.work.requests,
        concluded.work.cost_usd,
        concluded.work.input_tokens,
    )
    assert (True, "high") == (concluded.asking.repaired, concluded.draft.quality.level)
    assert "- objections[0]: not_said" in scene.model.asked[1][1]
    assert "no budget until May" in scene.model.asked[1][1]


async def test_what_cannot_be_repaired_is_kept_as_low_quality() -> None:
    """The first answer stays where the second is no better, and says so."""
    scene = Scene(BAD)
    concluded = await scene.analyst.conclude(transcript())

    assert (2, False, "low") == (
        len(scene.model.asked),
        concluded.asking.repaired,
        concluded.draft.quality.level,
    )


async def test_a_repair_is_paid_once_too() -> None:
    """A redelivered call reads both answers from what was paid."""
    scene = Scene(BAD, GOOD, BAD)
    first = await scene.analyst.conclude(transcript())
    again = await scene.analyst.conclude(transcript(CallKey(tenant_id="acme", call_id="c-42", revision=2)))

    assert (2, 2) == (len(scene.model.asked), len(scene.claims.kept))
    assert (first.draft, first.asking) == (again.draft, again.asking)


async def test_a_long_call_is_asked_about_in_parts() -> None:
    """Each window fits, each is paid once, and one question brings them together."""
    room = tokens(instructions()) + 700
    scene = Scene(PART, room=room, least=0.2)
    concluded = await scene.analyst.conclude(LONG)
    parts = len(scene.prompts) - 1

    assert [PROMPT] * parts + [CONSOLIDATION] == scene.prompts
    assert (parts, True) == (concluded.asking.windows, parts > 1)
    assert all(tokens(a) + tokens(b) <= room for a, b in scene.model.asked[:-1])
    assert "your price is too high" in scene.model.asked[-1][1]
    await scene.analyst.conclude(LONG)
    assert parts + 1 == len(scene.model.asked)


async def test_what_nobody_said_in_a_part_is_not_handed_on() -> None:
    """Only verified findings are brought together."""
    scene = Scene(BAD, room=tokens(instructions()) + 700)
    await scene.analyst.conclude(LONG)

    assert "no budget" not in next(
        content for name, content in scene.model.asked if name != instructions(PROMPT)
    )


async def test_an_answer_that_was_cut_off_is_asked_for_in_halves() -> None:
    """Once; what the long answer cost is remembered, and not paid again."""
    scene = Scene(CutOff(PAID), GOOD)
    concluded = await scene.analyst.conclude(transcript())

    assert [PROMPT, PROMPT, PROMPT, CONSOLIDATION] == scene.prompts
    assert (4, 2) == (concluded.work.requests, concluded.asking.windows)
    await scene.analyst.conclude(transcript())
    assert 4 == len(scene.model.asked)


async def test_answers_that_are_always_cut_off_end_the_call() -> None:
    """Halves are not halved again."""
    scene = Scene(CutOff(PAID))
    with pytest.raises(Permanent) as error:
        await scene.analyst.conclude(transcript())

    assert ("answer_too_long", 2) == (error.value.reason, len(scene.model.asked))


async def test_a_tenant_is_asked_its_own_questions() -> None:
    """And nobody else's; who asks is not told."""
    ours, theirs = (ScorecardQuestion(id=each, text=f"Was the {each} named?") for each in ("price", "rival"))
    catalogue = Catalogue({"acme": (ours,), "globex": (theirs,)}, {})
    scene = Scene(GOOD, catalogue=catalogue)
    await scene.analyst.conclude(transcript())
    content = scene.model.asked[0][1]

    assert ("- price: Was the price named?" in content, "rival" in content) == (True, False)
    assert not any(word in content + scene.model.asked[0][0] for word in ("acme", "globex", "c-42"))


async def test_another_scorecard_is_another_question() -> None:
    """Its ids are part of what was asked, and so of what was paid."""
    scene = Scene(GOOD)
    await scene.analyst.conclude(transcript())
    asked = ScorecardQuestion(id="price", text="Was the price named?")
    scene.analyst.catalogue = Catalogue({"*": (asked,)}, {})
    await scene.analyst.conclude(transcript())

    assert scene.model.asked[0][1] != scene.model.asked[-1][1]
    assert len(scene.model.asked) == len(scene.claims.kept) > 1


def test_everybodys_questions_come_after_a_tenants_own() -> None:
    """The tenant's own wording holds where both have an id."""
    ours, all_ = (ScorecardQuestion(id="price", text=each) for each in ("Ours?", "Everybody's?"))
    other = ScorecardQuestion(id="next", text="What next?")
    catalogue = Catalogue({"acme": (ours,), "*": (all_, other)}, {})

    assert [(ours, other), (all_, other)] == [catalogue.of(each).scorecard for each in ("acme", "globex")]
