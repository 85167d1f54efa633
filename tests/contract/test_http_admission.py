"""No route of the API can be reached without passing the one dependency that admits."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from ingest.app import create_app
from ingest.security.admission import admitted
from ingest_scene import Outside, door_settings

# Anybody may ask whether we are there, and log in or out.
KNOWN = {"/me"}  # for anybody who is known
OPEN = {"/health", "/session", "/session/options", "/session/oidc", "/session/callback"}
PREFIX = "/api/v1"
BESIDE = {"/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect"}
FOLDERS = {"/description", "/static"}  # files of ours


@pytest.fixture
def served() -> list[RouteContext]:
    """Everything that the application answers."""
    outside = Outside(door_settings(auth="keys"))
    return list(iter_route_contexts(create_app(outside.settings, outside.open).routes))


@pytest.fixture
def routes(served: list[RouteContext]) -> list[RouteContext]:
    """Those of the API."""
    found = [each for each in served if (each.path or "").startswith(PREFIX)]
    assert found
    return found


def below(route: RouteContext) -> str:
    """Its path in the API."""
    return (route.path or "").removeprefix(PREFIX)


def admissions(dependant: Dependant) -> Iterator[list[str]]:
    """The scopes of every admission among a route's dependencies, at any depth."""
    for inner in dependant.dependencies:
        if inner.call is admitted:
            yield inner.own_oauth_scopes or []
        yield from admissions(inner)


def wanted(route: RouteContext) -> list[int]:
    """Of how many scopes each admission is."""
    return [] if below(route) in OPEN else [0 if below(route) in KNOWN else 1]


def test_every_route_admits_once_for_one_scope(routes: list[RouteContext]) -> None:
    """All but the open ones, which admit nobody in particular."""
    asked = {f"{route.methods} {route.path}": list(map(len, admissions(route.dependant))) for route in routes}

    assert {f"{route.methods} {route.path}": wanted(route) for route in routes} == asked


def test_the_open_routes_are_those_that_are_named(routes: list[RouteContext]) -> None:
    """What is taken away is taken off the list, too."""
    assert OPEN <= {below(route) for route in routes}


def test_nothing_is_served_beside_the_api_that_is_not_named(
    served: list[RouteContext], routes: list[RouteContext]
) -> None:
    """What the application serves elsewhere asks nobody who they are."""
    assert BESIDE | FOLDERS == {route.path for route in served if route not in routes}
