"""Who and what is named in a call, and which of them are rivals."""

from typing import Any

from onebox.models.rules.analyst import Analyst
from onebox.models.rules.lines import Line


def dialogue(*turns: str) -> list[Line]:
    """`agent: words` a turn."""
    split = [turn.partition(": ") for turn in turns]
    return [Line(f"u{n}", speaker, text) for n, (speaker, _, text) in enumerate(split, start=1)]


def named(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["type"], one["text"]) for one in found["entities"]}


def test_a_name_is_listed_once_in_its_longest_form(analyst: Analyst) -> None:
    """Two forms of a name are one person; the first word of a sentence is no name for its capital."""
    found = analyst.analyse(
        dialogue(
            "agent: Hello, this is Petra Zandt from Rivermark Systems.",
            "customer: Hi Petra. Training is what we want, and Petra Zandt was named to us.",
        )
    )

    assert {("person", "Petra Zandt"), ("organization", "Rivermark Systems")} == named(found)


def test_rivals_are_those_a_customer_weighs(analyst: Analyst) -> None:
    """Neither party's own name is a rival, nor a person, nor what the seller says of others."""
    found = analyst.analyse(
        dialogue(
            "agent: This is Petra from Rivermark. We looked at Oakline for you.",
            "customer: I talked to Petra at the fair, and I spoke with Rivermark before.",
            "customer: We also looked at Birchworks last month.",
        )
    )

    assert ["Birchworks"] == [one["name"] for one in found["competitors"]]


def test_months_days_and_greetings_are_no_names(analyst: Analyst) -> None:
    """Capitals that grammar asks for say nothing."""
    found = analyst.analyse(
        dialogue(
            "agent: Good morning. Okay. I think so.",
            "customer: On Monday, if that is what you have. We do it in Excel, and in English.",
        )
    )

    assert {("date", "Monday")} == named(found)


def test_a_rival_is_a_company(analyst: Analyst) -> None:
    """Whoever is weighed against the seller sells, whatever else is unknown of them."""
    found = analyst.analyse(
        dialogue(
            "customer: We also looked at Birchworks, and they are cheaper than you.",
            "agent: I see what you are saying.",
        )
    )

    assert ("organization", "Birchworks") in named(found)


def test_somebody_is_known_by_what_is_said_of_them(analyst: Analyst) -> None:
    """A sister, a head of payroll, whoever "he" is; and a greeting takes no title away."""
    found = analyst.analyse(
        dialogue(
            "agent: Hello Mr. Tarrant, this is Petra, you're speaking with Oda too.",
            "customer: It is me or my sister Lettie, and there's Bruno, he's our engineer.",
            "customer: The bills go to Janine Orme, head of payroll.",
        )
    )

    people = {text for kind, text in named(found) if kind == "person"}
    assert {"Mr. Tarrant", "Petra", "Oda", "Lettie", "Bruno", "Janine Orme"} == people


def test_a_name_is_what_its_longest_form_is(analyst: Analyst) -> None:
    """Ashby Moor Energy is a company, though Ashby Moor alone is a place."""
    found = analyst.analyse(
        dialogue(
            "customer: The turbines are in Ashby Moor.",
            "agent: I was in Ashby Moor once.",
            "customer: The bill goes to Ashby Moor Energy.",
        )
    )

    assert {("organization", "Ashby Moor Energy")} == named(found)
