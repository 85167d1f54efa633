"""Does a change to the HTTP API break a client of the last release?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from onebox.compatibility import Comparison, Schema

Compared = Callable[[Schema, Schema, str], Iterator[str]]
Parameters = Mapping[tuple[str, str], Schema]


def api_breaks(released: Schema, current: Schema) -> list[str]:
    """Every way in which *current* refuses a request that *released* took, or answers what it never did."""
    return list(ApiComparison(released, current).breaks())


@dataclass(frozen=True, slots=True)
class ApiComparison:
    """Of two OpenAPI documents: what a request may hold may only grow, what an answer may, only shrink."""

    released: Schema
    current: Schema

    @property
    def requests(self) -> Comparison:
        """Is all that clients may send still taken?"""
        return Comparison(self.released, self.current, names_stay=False)

    @property
    def answers(self) -> Comparison:
        """The other way round: is all that is now said among what clients know?"""
        return Comparison(self.current, self.released, names_stay=False)

    def breaks(self) -> Iterator[str]:
        """Operation by operation."""
        now = dict(_operations(self.current))
        for name, operation in _operations(self.released):
            if name in now:
                yield from self._operation(name, operation, now[name])
            else:
                yield f"{name} was removed"

    def _operation(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{name} was called {old['operationId']}, and so it is by generated clients"
        yield from self._parameters(name, _parameters(old), _parameters(new))
        yield from self._body(name, old.get("requestBody", {}), new.get("requestBody", {}))
        yield from self._answers(name, old["responses"], new["responses"])

    def _parameters(self, name: str, old: Parameters, new: Parameters) -> Iterator[str]:
        for (where, called), parameter in new.items():
            at = f"{name} {where} {called}"
            if (where, called) in old:
                yield from self.requests.of(old[where, called]["schema"], parameter["schema"], at)
            elif parameter.get("required"):
                yield f"{at} is required, and new"
        yield from (
            f"{name} {where} {called} was removed" for where, called in old if (where, called) not in new
        )

    def _body(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        if new.get("required") and not old.get("required"):
            yield f"{name} now requires a body"
        yield from self._contents(f"{name} body", old, new, self.requests.of)

    def _answers(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        for status, answer in old.items():
            if status >= "400":  # every refusal is a problem
                continue
            if status not in new:
                yield f"{name} no longer answers {status}"
            else:
                yield from self._contents(f"{name} {status}", answer, new[status], self._told)

    def _told(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        for said in self.answers.of(new, old, at):
            yield f"{said} (by clients of the release)"

    def _contents(self, at: str, old: Schema, new: Schema, compared: Compared) -> Iterator[str]:
        for media_type, content in old.get("content", {}).items():
            there = new.get("content", {})
            if media_type not in there:
                yield f"{at} can no longer be {media_type}"
            elif "schema" in content and "schema" in there[media_type]:
                yield from compared(content["schema"], there[media_type]["schema"], at)


def _operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _parameters(operation: Schema) -> Parameters:
    return {(each["in"], each["name"]): each for each in operation.get("parameters", ())}
