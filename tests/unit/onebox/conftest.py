"""The sentence encoder, loaded once, and a call to read."""

import json
from importlib import resources
from typing import Any

import pytest
from onebox.models import weights
from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.analyst import Analyst
from onebox.models.rules.lines import Line

SAMPLES = ("pricing_review", "delivery_renewal", "product_demo")


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(weights.minilm())


@pytest.fixture(scope="session")
def analyst(encoder: SentenceEncoder) -> Analyst:
    return Analyst(encoder)


@pytest.fixture(params=SAMPLES)
def script(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each bundled sample's script."""
    text = resources.files("onebox.samples").joinpath(f"{request.param}.json").read_text("utf-8")
    return dict(json.loads(text))


@pytest.fixture
def lines(script: dict[str, Any]) -> list[Line]:
    return [Line(f"u{n}", turn["speaker"], turn["text"]) for n, turn in enumerate(script["turns"], start=1)]
