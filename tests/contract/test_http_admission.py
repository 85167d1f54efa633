"""No route of the API can be reached without passing the one dependency that admits."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from ingest.api import PARTS
from ingest.security.admission import admitted

# Anybody may ask whether we are there, and log in or out.
KNOWN = {"/me"}  # for anybody who is known
OPEN = {"/health", "/session", "/session/options", "/session/oidc", "/session/callback"}
ROUTES = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]


def admissions(dependant: Dependant) -> Iterator[list[str]]:
    """The scopes of every admission among a route's dependencies, at any depth."""
    for inner in dependant.dependencies:
        if inner.call is admitted:
            yield inner.own_oauth_scopes or []
        yield from admissions(inner)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{'/'.join(route.methods)} {route.path}")
def test_every_route_admits_once_for_one_scope(route: APIRoute) -> None:
    """All but the open ones, which admit nobody in particular."""
    scopes = list(admissions(route.dependant))
    assert (0 if route.path in OPEN else 1) == len(scopes)
    assert all((0 if route.path in KNOWN else 1) == len(each) for each in scopes)


def test_the_open_routes_are_those_that_are_named() -> None:
    """What is taken away is taken off the list, too."""
    assert OPEN <= {route.path for route in ROUTES}
