"""What the page suggests to ask is answered by the rules, of the very call that `make run` brings."""

import re
from pathlib import Path

import pytest
from onebox.expectations import sample
from onebox.models.extracts import Excerpts, Reader
from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.lines import Line

ASK = Path(__file__).parents[3] / "services" / "ingest" / "page" / "src" / "views" / "ask.tsx"
ANSWERS = {
    "Which discount did we offer?": "sign for a year",
    "What budget do customers have?": "Our budget is $900 a month.",
    "Which competitors are cheaper?": "Bluebird",
}
SCRIPT = tuple(turn["text"] for turn in sample().script["turns"])
# What Whisper base makes of the recording: sentences run together.
HEARD = (
    "Good morning, this is Daniel from Summit Software, am I speaking with Susan?",
    "Yes, this is Susan Miller. Thanks for calling back.",
    "Thank you for making the time. How is your team handling the monthly reports today?",
    (
        "Honestly, it is a mess, we spend two days every month copying numbers by hand into a"
        " spreadsheet, and the numbers never match, so people stop trusting them."
    ),
    "I understand how many people work on those reports.",
    "There are five people in finance and our manager is very frustrated about it.",
    (
        "Our platform builds those reports automatically and it connects to your accounting"
        " system. Most teams save a full day every week."
    ),
    "That sounds good. How much does it cost?",
    "The team plan is $1,200 a month with onboarding included.",
    (
        "That is too expensive for us. Our budget is $900 a month. We are also looking at Bluebird"
        " and they are cheaper."
    ),
    (
        "I understand, Bluebird charges extra for support and our price includes it, if you sign"
        " for a year I can offer a 10% discount."
    ),
    "a discount would help, does it work with our security rules?",
    "Yes, all data is encrypted and stays in Europe.",
    "Good, I need to talk to my boss before we decide.",
    "Of course, I will send you the proposal by Friday, can we schedule a call next Tuesday?",
    "Yes, Tuesday at 10 works for me, I will share the proposal with our finance director.",
    "Perfect, thank you Susan, have a great day.",
    "Thank you, goodbye.",
)


def suggested() -> list[str]:
    """As the page's source has them."""
    table = re.search(r"const EXAMPLES = \[(.*?)\];", ASK.read_text("utf-8"), re.DOTALL)
    return re.findall(r'"([^"]+)"', table[1]) if table else []


@pytest.fixture(scope="module")
def reader(encoder: SentenceEncoder) -> Reader:
    return Reader(encoder)


def test_every_suggestion_has_its_answer_here() -> None:
    """Whoever suggests another question says what it finds."""
    assert list(ANSWERS) == suggested()


@pytest.mark.parametrize("said", [SCRIPT, HEARD], ids=["script", "heard"])
@pytest.mark.parametrize(("question", "words"), ANSWERS.items())
def test_a_suggestion_is_answered_in_the_samples_words(
    reader: Reader, said: tuple[str, ...], question: str, words: str
) -> None:
    """Whether the recogniser tells its sentences apart or not."""
    lines = [("c1", Line(f"u{n}", "agent", text)) for n, text in enumerate(said, start=1)]
    answer = " ".join(each["text"] for each in reader.answer(Excerpts(question, lines))["sentences"])

    assert words in answer
