"""The shape of an answer, as a provider of structured output takes it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from openai import pydantic_function_tool
from pydantic import BaseModel

TOKENS_AN_ITEM: Final = 400  # of the answer: a list of findings may take a quarter of it
FEW: Final = 4  # pieces of evidence, utterances, quarters: whatever is listed inside a part of an answer


def strict(
    shape: type[BaseModel],
    max_output_tokens: int | None = None,
    at_most: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """The response format for *shape*, under a name of the letters it may have.

    With *max_output_tokens* its lists are bounded, too, by ``maxItems``, which only some providers know;
    *at_most*: how long lists can be of which that is known.
    """
    name = re.sub(r"\W.*", "", shape.__name__)
    schema: dict[str, Any] = dict(pydantic_function_tool(shape, name=name)["function"]["parameters"])
    if max_output_tokens:
        schema = _short(schema, max(FEW, max_output_tokens // TOKENS_AN_ITEM), at_most or {})
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def _short(schema: dict[str, Any], most: int, at_most: Mapping[str, int]) -> dict[str, Any]:
    parts = {name: _bounded(part, FEW, {}) for name, part in schema.get("$defs", {}).items()}
    return _bounded(schema, most, at_most) | ({"$defs": parts} if parts else {})


def _bounded(schema: dict[str, Any], most: int, at_most: Mapping[str, int]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    bounded = {name: _ending(each, min(most, at_most.get(name, most))) for name, each in properties.items()}
    return schema | ({"properties": bounded} if bounded else {})


def _ending(schema: dict[str, Any], most: int) -> dict[str, Any]:
    return {"maxItems": most} | schema if schema.get("type") == "array" else schema
