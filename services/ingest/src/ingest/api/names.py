"""Names in a request that its route does not know: told, with what was probably meant, never overlooked."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form

from ingest.problems import Problem
from ingest.security.admission import admitted, principal, require

MOST: Final = 20  # names told of
LONGEST: Final = 100  # characters told of one


async def whatever() -> None:
    """A route that depends on this takes a query of any names."""


ANY_QUERY: Final[Any] = Depends(whatever)


async def only_known(request: Request) -> None:
    """Let a request pass that says nothing but what its route reads, in its query and in its form.

    Raises:
        Problem: 401 or 403, they may not ask; 422, it says something else.
    """
    parts = tuple(_parts(request.scope["route"].dependant))
    strange: list[dict[str, str]] = []
    if all(part.call is not whatever for part in parts):
        known = {field.alias for part in parts for field in part.query_params}
        strange += _strange("query", request.query_params, known)
    if fields := {field.alias for field in _body(parts) if isinstance(field.field_info, Form)}:
        strange += _strange("body", await request.form(), fields)  # as it was read before any dependency
    if strange:
        await _may_ask(request, parts)
        told = "; ".join(f"'{each['field']}' {each['message']}" for each in strange)
        raise Problem(422, f"Some of the request is not understood: {told}", errors=strange)


async def _may_ask(request: Request, parts: Iterable[Dependant]) -> None:
    """Who may not ask is told that and no more; dependencies of all routes run before the route's own."""
    for part in parts:
        if part.call is admitted:
            require(await principal(request), part.own_oauth_scopes or ())


def in_body(request: Request) -> frozenset[str]:
    """What the JSON body of the request's route may hold."""
    parts = _parts(request.scope["route"].dependant)
    models = (getattr(field.field_info.annotation, "model_fields", {}) for field in _body(parts))
    return frozenset(name for model in models for name in model)


def meant(name: str, known: Collection[str]) -> str:
    """What is wrong with a *name* that is not *known*, and what to write instead."""
    if nearest := get_close_matches(name, sorted(known), n=1):
        return f"is not known here: did you mean '{nearest[0]}'?"
    return (
        f"is not known here, but {', '.join(sorted(known))}" if known else "is not known here: leave it out"
    )


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _parts(each)


def _body(parts: Iterable[Dependant]) -> Iterator[Any]:
    return (field for part in parts for field in part.body_params)


def _strange(place: str, said: Iterable[str], known: Collection[str]) -> list[dict[str, str]]:
    names = sorted(set(said) - set(known))[:MOST]
    return [{"field": f"{place}.{name[:LONGEST]}", "message": meant(name, known)} for name in names]
