"""What the analyzer promises its neighbours."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import cast

import pytest
from analyzer.analyst import Analyst, Rules
from analyzer.app import create_app
from analyzer.criteria import Catalogue
from analyzer.remembered import RememberedModel
from analyzer.settings import Settings
from common.language_model import LanguageModel
from common.model import Analysis, Transcript
from common.pipeline import ANALYZE
from common.work import Claims
from contract.harness import ACKED, Promise, StagePromises, golden, running, settings
from fakes import FakeClaims, FakeJournal, FakeModel, FakeStore, no_budget
from nouns import KEY, citation, competitor, insights, objection, transcript, work

SAID = citation("your price is too high", "u2")
INVENTED = citation("we will sign tomorrow", "u4")
ANSWER = insights(
    objections=(objection(SAID, INVENTED),),
    competitors=(competitor("Globex", citation("Globex is cheaper", "u2")),),
)
ANOTHER_ANSWER = insights()


@pytest.fixture
def model() -> FakeModel:
    paid = work("gpt-6-luna", cost_usd=0.00031, input_tokens=1600, output_tokens=300)
    return FakeModel(ANSWER, ANOTHER_ANSWER, work=paid)


@pytest.fixture
def transcripts() -> FakeStore[Transcript]:
    return FakeStore(transcript())


@pytest.fixture
async def promise(model: FakeModel, transcripts: FakeStore[Transcript]) -> AsyncIterator[Promise]:
    analyses, journal = FakeStore[Analysis](), FakeJournal()
    outside: dict[str, object] = {
        "journal": journal,
        "transcripts": transcripts,
        "analyses": analyses,
        "analyst": Analyst(
            RememberedModel(cast("LanguageModel", model), cast("Claims", FakeClaims()), no_budget()),
            Rules(room=100_000, least=0.5),
            Catalogue({}, {}),
        ),
    }
    app = create_app(Settings.model_validate(settings()), lambda _: nullcontext(outside))
    async with running(app, ANALYZE) as service:
        takes, announces = golden("call.transcribed.v1"), golden("call.analyzed.v1")
        yield Promise(service, takes, announces, analyses, model.workshop, journal)


class TestPromises(StagePromises):
    """The analyzer is a stage."""


async def test_an_invented_quote_is_kept_as_unverified(promise: Promise) -> None:
    """A quote nobody spoke is kept as such, and its finding stands only if another quote holds."""
    await promise.service.receive(promise.takes)

    kept = promise.kept.kept[KEY.id].insights
    assert [True, False] == [piece.verified for piece in kept.objections[0].evidence]
    assert [False] == [piece.verified for piece in kept.competitors[0].evidence]


async def test_a_call_in_which_nothing_was_said_costs_nothing(
    promise: Promise, transcripts: FakeStore[Transcript], model: FakeModel
) -> None:
    """Silence is announced with no findings, and no model is asked."""
    transcripts.kept[KEY.id] = transcript(spoken=())

    assert await promise.service.receive(promise.takes) == ACKED

    assert [] == model.asked
    assert [(0, 0)] == [(event["findings"], event["verified"]) for event in promise.service.announced]


async def test_a_re_run_rests_on_the_transcript_that_is_there(promise: Promise) -> None:
    """A later revision is analysed from the newest transcript before it, and kept under its own revision."""
    await promise.service.receive(promise.takes | {"revision": 3})

    assert ["acme:c-42:3"] == list(promise.kept.kept)
    assert [3] == [event["revision"] for event in promise.service.announced]


async def test_an_answer_that_was_paid_for_is_not_asked_for_again(promise: Promise, model: FakeModel) -> None:
    """A crash between the answer and the document, or a re-run on the same transcript, costs nothing."""
    await promise.service.receive(promise.takes)
    promise.kept.kept.clear()

    await promise.service.receive(promise.takes)
    await promise.service.receive(promise.takes | {"revision": 2})

    assert 1 == len(model.asked)
    assert promise.expected[0] == promise.service.announced[1]


async def test_a_finished_call_needs_nothing_to_be_announced_again(
    promise: Promise, transcripts: FakeStore[Transcript]
) -> None:
    """Its analysis is enough; what it was made from may be gone."""
    await promise.service.receive(promise.takes)
    transcripts.kept.clear()

    assert await promise.service.receive(promise.takes) == ACKED

    assert promise.expected * 2 == promise.service.announced


async def test_a_call_whose_transcript_is_not_there_yet_waits(
    promise: Promise, transcripts: FakeStore[Transcript]
) -> None:
    """A transcript that cannot be read yet lets the message come back later."""
    transcripts.kept.clear()

    fate = await promise.service.receive(promise.takes)

    assert ("nacked", "retried: not_kept") == (fate.what, promise.journal.notes[-1][1])
