"""Shapes as providers take them: strict, and with lists that end where a provider can see to that."""

from typing import Any

from common.model import FINDINGS, Citation, Insights
from common.shapes import FEW, strict


def schema(max_output_tokens: int | None = None) -> dict[str, Any]:
    """Of an analysis."""
    found: dict[str, Any] = strict(Insights[Citation], max_output_tokens)["json_schema"]["schema"]
    return found


def lists(part: dict[str, Any]) -> dict[str, int | None]:
    """The bound of each list of an object."""
    return {
        name: each.get("maxItems") for name, each in part["properties"].items() if each.get("type") == "array"
    }


def test_an_answer_is_strict_under_a_plain_name() -> None:
    """As strict providers want it."""
    asked = strict(Insights[Citation])

    assert ("json_schema", "Insights", True) == (
        asked["type"],
        asked["json_schema"]["name"],
        asked["json_schema"]["strict"],
    )


def test_nothing_is_bounded_for_who_may_not_know_bounds() -> None:
    """A provider may refuse a keyword that it does not know."""
    assert "maxItems" not in str(schema())


def test_no_list_can_use_up_an_answer() -> None:
    """Ten findings of a kind in 4000 tokens, and a few quotes each."""
    bounded = schema(4000)

    assert dict.fromkeys(FINDINGS, 10) == lists(bounded)
    inner = [
        bound for part in bounded["$defs"].values() if "properties" in part for bound in lists(part).values()
    ]
    assert {FEW} == set(inner)


def test_a_list_whose_length_is_known_is_no_longer() -> None:
    """Nobody asked a question of their own, so none can be answered; what is long stays bounded."""
    asked = strict(Insights[Citation], 4000, {"scorecard": 0, "categories": 2, "entities": 99})
    found = lists(asked["json_schema"]["schema"])

    assert (0, 2, 10) == (found["scorecard"], found["categories"], found["entities"])
    assert "maxItems" not in str(strict(Insights[Citation], None, {"scorecard": 0}))


def test_all_else_stays_as_it_is() -> None:
    """Only bounds are added."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(each) for key, each in value.items() if key != "maxItems"}
        return [without(each) for each in value] if isinstance(value, list) else value

    assert schema() == without(schema(4000))
