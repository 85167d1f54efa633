"""What is wrong with settings, all of it, in an operator's words instead of a validator's."""

import json
import re
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

_PHRASES: Final = {
    "missing": "is not set",
    "int_parsing": "has to be a whole number",
    "int_from_float": "has to be a whole number",
    "float_parsing": "has to be a number",
    "bool_parsing": "has to be true or false",
    "dict_type": "has to be a JSON object",
    "list_type": "has to be a JSON list",
    "tuple_type": "has to be a JSON list",
    "set_type": "has to be a JSON list",
    "frozen_set_type": "has to be a JSON list",
}
_SUBJECT: Final = re.compile(r"^\w+ should ")


class Told(EnvSettingsSource):
    """The environment; what is no JSON is handed on as it is, and named with all else that is wrong."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """JSON, or the text."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def fault(error: ErrorDetails, field: FieldInfo | None) -> str:
    """What is wrong, and what would be right; never the value, which may be a secret in the wrong place."""
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, ValueError) and not isinstance(raised, json.JSONDecodeError):
        return str(raised)
    told = "is not valid JSON" if raised else _phrase(error)
    return f"{told} ({meant})" if field and (meant := _meant(field)) else told


def _phrase(error: ErrorDetails) -> str:
    return _PHRASES.get(error["type"]) or _SUBJECT.sub("has to ", error["msg"])


def _meant(field: FieldInfo) -> str:
    """What a setting that is needed is for, and the default of another."""
    if field.is_required():
        return ", such as ".join(filter(None, [field.description, *map(str, field.examples or ())][:2]))
    default: Any = field.get_default(call_default_factory=True)
    if default in (None, "") or isinstance(default, SecretStr):
        return ""
    return f"default: {json.dumps(default) if isinstance(default, list | tuple) else default}"
