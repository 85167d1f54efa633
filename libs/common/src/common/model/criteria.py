"""What a tenant wants to know of every call besides what is always asked."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from common.model.identity import Noun

CriterionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
CriterionText = Annotated[str, StringConstraints(min_length=3, max_length=300, strip_whitespace=True)]


class ScorecardQuestion(Noun):
    """One question put to every call, such as ``Did the agent name the price?``."""

    id: CriterionId
    text: CriterionText


class Category(Noun):
    """Something that occurs in a call or does not; by ``rule``, one or the other makes the call one of it."""

    id: CriterionId
    text: CriterionText
    rule: Literal["presence", "absence"] = "presence"


class Criteria(Noun):
    """A tenant's scorecard and categories; each id occurs once."""

    scorecard: Annotated[tuple[ScorecardQuestion, ...], Field(max_length=30)] = ()
    categories: Annotated[tuple[Category, ...], Field(max_length=30)] = ()

    @model_validator(mode="after")
    def _told_apart(self) -> "Criteria":
        for kind in (self.scorecard, self.categories):
            if len({each.id for each in kind}) != len(kind):
                raise ValueError("every question and every category needs an id of its own")
        return self
