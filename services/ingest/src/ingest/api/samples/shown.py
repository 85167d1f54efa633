"""The shape of what is shown."""

from typing import Any

Responses = dict[int | str, dict[str, Any]]


def shown(description: str, example: Any) -> dict[str, Any]:
    """An answer in JSON."""
    return {"description": description, "content": {"application/json": {"example": example}}}
