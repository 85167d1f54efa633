"""Who may import whom."""

import ast
from pathlib import Path

import faststream_sqs

PACKAGE = Path(faststream_sqs.__file__).parent


def imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return named | {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}


def test_the_engine_knows_no_framework() -> None:
    """The engine runs without FastStream, so that a change of FastStream cannot lose a message."""
    guilty = {
        (path.name, name)
        for path in (PACKAGE / "engine").glob("*.py")
        for name in imports(path)
        if name.split(".")[0] == "faststream"
    }

    assert set() == guilty


def test_one_door_to_the_internals() -> None:
    """FastStream's internals are imported in one file, so that a release that moves them is one repair."""
    guilty = {
        path.name
        for path in PACKAGE.rglob("*.py")
        if any(name.startswith("faststream._internal") for name in imports(path))
    }

    assert {"_faststream.py"} == guilty
