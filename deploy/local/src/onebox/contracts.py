"""``make contracts``: write down what the code promises — schemas, APIs, settings, AWS, alerts."""

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import analyzer.app
import analyzer.settings
import embedder.app
import embedder.settings
import ingest.app
import ingest.settings
import transcriber.app
import transcriber.settings
from common.events import EVENTS
from common.settings import ServiceSettings
from faststream.asgi import AsgiFastStream
from faststream.specification import AsyncAPI

from onebox import cloudformation, operators
from onebox.api_compatibility import api_breaks
from onebox.settings_page import Variable, collect, env_example, table

ROOT: Final = Path(__file__).parents[4]
SETTINGS: Final[dict[str, type[ServiceSettings]]] = {
    "ingest": ingest.settings.DoorSettings,
    "transcriber": transcriber.settings.Settings,
    "analyzer": analyzer.settings.Settings,
    "embedder": embedder.settings.Settings,
}
CONSUMERS: Final[dict[str, Callable[[], AsgiFastStream]]] = {
    "ingest": ingest.app.create_consumer,
    "transcriber": transcriber.app.create_app,
    "analyzer": analyzer.app.create_app,
    "embedder": embedder.app.create_app,
}
OPENAPI: Final = Path("services/ingest/openapi.json")
RELEASED: Final = Path("services/ingest/openapi.released.json")
"""The API of the last release: replaced by a release alone."""

_BEGIN, _END = "<!-- settings -->\n", "<!-- /settings -->"


def generated(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file and what it must hold."""
    variables = collect(SETTINGS)
    with _environment(variables):
        return {
            **{_schema_path(root, event): _json(event.model_json_schema()) for event in EVENTS},
            **{root / "services" / name / "asyncapi.json": _json(_asyncapi(name)) for name in CONSUMERS},
            root / OPENAPI: _json(ingest.app.create_app().openapi()),
            root / ".env.example": env_example(variables),
            root / "deploy" / "aws" / "queues.yaml": cloudformation.text(),
            **operators.generated(root),
            root / "README.md": _with_table((root / "README.md").read_text("utf-8"), table(variables)),
        }


def main() -> None:
    """Write all of them; exit 1 if a client of the last release could not live with the API."""
    for path, text in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if broken := api_breaks(_read(ROOT / RELEASED), _read(ROOT / OPENAPI)):
        sys.exit("\n".join([f"The API breaks clients of {RELEASED}:", *broken]))


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _schema_path(root: Path, event: type[Any]) -> Path:
    return root / "libs" / "common" / "contracts" / f"{event.model_fields['type'].default}.schema.json"


def _asyncapi(service: str) -> Any:
    app = CONSUMERS[service]()
    schema = AsyncAPI(*app.brokers, title=service, version="1", schema_version="3.0.0")
    return _dedented(schema.to_specification().to_jsonable())


def _dedented(document: Any) -> Any:
    """Docstrings as Python 3.13 reads them, on every Python."""
    match document:
        case dict():
            return {name: _dedented(value) for name, value in document.items()}
        case list():
            return [_dedented(value) for value in document]
        case str():
            return inspect.cleandoc(document)
        case _:
            return document


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _with_table(readme: str, rows: str) -> str:
    head, rest = readme.split(_BEGIN)
    return f"{head}{_BEGIN}{rows}{_END}{rest.split(_END)[1]}"


@contextmanager
def _environment(variables: list[Variable]) -> Iterator[None]:
    """Exactly the example settings, so that what is generated does not depend on who generates it."""
    ours: Mapping[str, str] = {v.name: v.value for v in variables if v.required} | {"OPENAI_API_KEY": "none"}
    before = dict(os.environ)
    for variable in variables:
        for name in (variable.name, *variable.aliases):
            os.environ.pop(name, None)
    os.environ.update(ours)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    main()
