"""Reads the context where the handler runs: FastDepends would take a worker thread for each argument."""

from typing import Any

from fast_depends.core import CallModel
from fast_depends.library import CustomField
from faststream import Context

_CONTEXT_FIELD: type[Any] = type(Context("name"))


class InlineField(CustomField):
    """A field of the context, read without leaving the event loop: FastDepends awaits what it can."""

    def __init__(self, field: Any) -> None:
        super().__init__(cast=field.cast, required=field.required)
        self.param_name = field.param_name
        self._field = field

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]  # awaited if it can be
        """The arguments with this one among them."""
        arguments: dict[str, Any] = self._field.use(**kwargs)
        return arguments


def read_inline(model: CallModel | None) -> None:
    """Let a handler's context arguments be read in the loop; what runs a user's code stays in its thread."""
    fields = model.custom_fields if model is not None else {}
    for name, field in fields.items():
        if isinstance(field, _CONTEXT_FIELD) and not field.field and field.initial is None:
            fields[name] = InlineField(field)
