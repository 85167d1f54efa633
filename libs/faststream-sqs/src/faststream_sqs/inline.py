"""Calls handlers in the event loop without detours: FastDepends is general, most handlers are not."""

from collections.abc import Awaitable, Callable
from inspect import Parameter
from typing import Any

from fast_depends.core import CallModel
from fast_depends.library import CustomField
from faststream import Context
from faststream.message import StreamMessage

from faststream_sqs._faststream import ContextRepo

_CONTEXT_FIELD: type[Any] = type(Context("name"))


class InlineField(CustomField):
    """A field of the context, read without leaving the event loop: FastDepends awaits what it can."""

    def __init__(self, field: Any) -> None:
        super().__init__(cast=field.cast, required=field.required)
        self.param_name = field.param_name
        self._field = field

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]  # awaited if it can be
        """The arguments with this one among them."""
        return self.read(kwargs)

    def read(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The same, without waiting."""
        read: dict[str, Any] = self._field.use(**arguments)
        return read


def read_inline(model: CallModel | None) -> None:
    """Let a handler's context arguments be read in the loop; what runs a user's code stays in its thread."""
    fields = model.custom_fields if model is not None else {}
    for name, field in fields.items():
        if isinstance(field, _CONTEXT_FIELD) and not field.field and field.initial is None:
            fields[name] = InlineField(field)


def straight_call(
    model: CallModel | None, context: ContextRepo
) -> Callable[[StreamMessage[Any]], Awaitable[Any]] | None:
    """What FastDepends would do for a handler of one message and the context; None where it would do more.

    A general call builds a generator, two stacks and, for the context, a task group per message.
    """
    if model is None or model.serializer is None or not _is_plain(model):
        return None
    (parameter,) = model.flat_params
    fields: list[Any] = list(model.custom_fields.values())
    names = model.keyword_args + model.positional_args
    check, check_result, handler, name = (
        model.serializer,
        model.serializer.response,
        model.call,
        parameter.field_name,
    )

    async def call(message: StreamMessage[Any]) -> Any:
        arguments = {"context__": context, name: await message.decode()}
        for field in fields:
            arguments = field.read(arguments)
        arguments.update(check(arguments))
        return check_result(await handler(**{one: arguments[one] for one in names if one in arguments}))

    return call


def _is_plain(model: CallModel) -> bool:
    if not model.is_async or model.is_generator or model.dependencies or model.extra_dependencies:
        return False
    if model.args_name or model.kwargs_name or len(model.flat_params) != 1:
        return False
    if model.flat_params[0].kind is not Parameter.POSITIONAL_OR_KEYWORD:
        return False
    return all(isinstance(field, InlineField) for field in model.custom_fields.values())
