"""What somebody reads first of a call: its summary and its topics."""

from onebox.models.rules.analyst import Analyst
from onebox.models.rules.lines import Line


def dialogue(*turns: str) -> list[Line]:
    """`agent: words` a turn."""
    split = [turn.partition(": ") for turn in turns]
    return [Line(f"u{n}", speaker, text) for n, (speaker, _, text) in enumerate(split, start=1)]


CALL = dialogue(
    "agent: Good morning, this is Petra from Rivermark, how are the barometers?",
    "customer: Sorry, it's Jonas by the way, I look after the whole building these days.",
    "agent: And do the barometers work?",
    "customer: The barometers keep breaking, and we lose orders because of it.",
    "agent: I will send you two new barometers on Friday.",
    "customer: The barometers you sent last time were too expensive for us.",
)


def test_a_summary_tells_what_was_found_and_what_is_next(analyst: Analyst) -> None:
    """The complaint, the objection and the promise, each in its words, and what it was about."""
    said = analyst.analyse(CALL)["summary"]

    assert "It was about barometers." in said
    assert "The customer said: “The barometers keep breaking, and we lose orders because of it”." in said
    assert said.endswith("Next step: “I will send you two new barometers on Friday”.")


def test_who_introduces_themselves_sums_nothing_up(analyst: Analyst) -> None:
    """Names and greetings are no summary, however long the sentence."""
    assert "Jonas" not in analyst.analyse(CALL)["summary"]


def test_a_subject_is_listed_once(analyst: Analyst) -> None:
    """Reports are not a topic beside reporting."""
    found = analyst.analyse(
        dialogue(
            "agent: How do you write the reports?",
            "customer: The reports are written by hand.",
            "agent: Who reads the reports?",
            "customer: The reports go to our director.",
        )
    )

    assert ["reporting"] == [one["topic"] for one in found["key_topics"]]


def test_a_thing_is_named_in_full_where_it_mostly_is(analyst: Analyst) -> None:
    """Four turns of "measuring forms" are about measuring forms, and not about forms."""
    found = analyst.analyse(
        dialogue(
            "agent: Did you get the measuring forms?",
            "customer: The measuring forms came on Monday.",
            "agent: Are the measuring forms filled in?",
            "customer: The measuring forms are with our choir.",
        )
    )

    assert ["measuring forms"] == [one["topic"] for one in found["key_topics"]]


def test_what_three_turns_mention_is_no_topic(analyst: Analyst) -> None:
    """A thing that is named in passing is not what the call was about."""
    found = analyst.analyse(
        dialogue(
            "agent: Is that the kettle?",
            "customer: The kettle is always on here.",
            "agent: I should get a kettle.",
        )
    )

    assert [] == found["key_topics"]
