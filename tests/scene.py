"""A running stack whose models answer when the test lets them."""

from dataclasses import dataclass

from backstage import Backstage
from model_server import ModelServer
from onebox.door import Door
from onebox.stack import Stack

HELD = {"transcriber": "transcribe", "analyzer": "analyze", "embedder": "embed"}
"""Services that can be caught in the act: their models hold the answer back."""


@dataclass(frozen=True)
class Scene:
    """A running stack, its API, its models and a look behind."""

    stack: Stack
    door: Door
    backstage: Backstage
    models: ModelServer
