"""Every variable, its default and who reads it: ``.env.example`` and the table in the README."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from common.settings import ServiceSettings, variables
from pydantic import SecretStr
from pydantic.fields import FieldInfo


@dataclass(slots=True)
class Variable:
    """One environment variable as an operator sees it."""

    name: str
    aliases: tuple[str, ...]
    description: str
    required: bool
    value: str
    readers: list[str] = field(default_factory=list)


def collect(services: dict[str, type[ServiceSettings]]) -> list[Variable]:
    """All variables of all services, each once, in the order of the services."""
    found: dict[str, Variable] = {}
    for service, settings in services.items():
        for variable in _variables(settings):
            found.setdefault(variable.name, variable).readers.append(service)
    return list(found.values())


def env_example(collected: list[Variable]) -> str:
    """Required variables with an example value, the others as comments with their default."""
    required = [_assignment(variable) for variable in collected if variable.required]
    optional = [_assignment(variable) for variable in collected if not variable.required]
    head = "# Copied to .env, this is what `make dev` and `docker run --env-file .env` read.\n"
    return f"{head}\n# --- needed\n\n{''.join(required)}\n# --- as you like\n\n{''.join(optional)}"


def table(collected: list[Variable]) -> str:
    """The README's table."""
    rows = [f"| {_names(v)} | {_default(v)} | {', '.join(v.readers)} | {v.description} |" for v in collected]
    return "\n".join(["| variable | default | read by | what it does |", "|---|---|---|---|", *rows]) + "\n"


def _variables(settings: type[ServiceSettings]) -> Iterator[Variable]:
    for name, info in settings.model_fields.items():
        first, *others = variables(name, info)
        yield Variable(first, tuple(others), info.description or "", info.is_required(), _value(info))


def _value(info: FieldInfo) -> str:
    if info.is_required():
        return str((info.examples or [""])[0])
    return _spelled(info.get_default(call_default_factory=True))


def _spelled(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case list() | tuple():
            return "[" + ", ".join(f'"{item}"' for item in value) + "]"
        case _:
            return str(value)


def _assignment(variable: Variable) -> str:
    comment = f"# {variable.description} ({', '.join(variable.readers)})\n"
    return comment + ("" if variable.required else "# ") + f"{variable.name}={variable.value}\n"


def _names(variable: Variable) -> str:
    also = f" (also {', '.join(f'`{alias}`' for alias in variable.aliases)})" if variable.aliases else ""
    return f"`{variable.name}`{also}"


def _default(variable: Variable) -> str:
    if variable.required:
        return "**needed**"
    return f"`{variable.value.replace('|', chr(92) + '|')}`" if variable.value else "–"
