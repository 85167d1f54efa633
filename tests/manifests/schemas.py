"""Objects against strict schemas: Kubernetes' own, and ours of what we use of custom resources."""

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yamls
from jsonschema import Draft7Validator
from kubernetes_validate import utils
from manifests.rendering import Object, Rendered, name_of
from onebox.contracts import ROOT

MINORS = ("1.33", "1.34", "1.35")  # what KEDA 2.20 supports
OURS = Path(__file__).parent / "crds"
WHOLE = ROOT.parent / "shared" / "schemas"  # the operators' own, where somebody has put them
# It reads Kubernetes' definitions, megabytes of them, again for every object.
utils.schema_contents = cache(utils.schema_contents)
GROUPS = {"keda.sh/v1alpha1", "external-secrets.io/v1", "monitoring.coreos.com/v1"}


def against_kubernetes(rendered: Rendered, minor: str) -> list[str]:
    """What a Kubernetes of that minor version would not know or not take."""
    core = [found for found in rendered.objects if found["apiVersion"] not in GROUPS]
    return [line for found in core for line in _core(json.dumps(found, sort_keys=True), minor)]


def against_ours(rendered: Rendered) -> list[str]:
    """What our schemas of custom resources do not allow."""
    return [line for found in _custom(rendered) for line in _complaints(found, ours()[found["kind"]])]


def against_whole(rendered: Rendered) -> list[str]:
    """What the operators' own schemas do not allow."""
    return [line for found in _custom(rendered) for line in _complaints(found, whole()[found["kind"]])]


@cache
def ours() -> Mapping[str, Any]:
    """Our schemas, by kind."""
    pages = [yamls.read(path) for path in sorted(OURS.glob("*.yaml"))]
    return {page["title"]: page for page in pages}


@cache
def whole() -> Mapping[str, Any]:
    """The operators' schemas, by kind, made strict."""
    found = {}
    for path in WHOLE.glob("keda_*.yaml"):
        for crd in yamls.load_all(path.read_text("utf-8")):
            found[crd["spec"]["names"]["kind"]] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for kind in ("ExternalSecret", "SecretStore", "PodMonitor", "PrometheusRule"):
        found[kind] = json.loads((WHOLE / f"{kind.lower()}_v1.json").read_text("utf-8"))
    return {kind: _strict(schema) for kind, schema in found.items()}


def _custom(rendered: Rendered) -> list[Object]:
    return [found for found in rendered.objects if found["apiVersion"] in GROUPS]


@cache
def _core(text: str, minor: str) -> tuple[str, ...]:
    found = json.loads(text)
    try:
        kubernetes_validate.validate(found, minor, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return (f"{name_of(found)}: {str(error).splitlines()[0]}",)
    return ()


def _complaints(found: Object, schema: Any) -> Iterator[str]:
    for error in Draft7Validator(schema).iter_errors(found):
        yield f"{name_of(found)}: {'/'.join(map(str, error.path))}: {error.message[:200]}"


def _strict(schema: Any) -> Any:
    """A CRD's schema lets unknown fields pass, which an API server drops or refuses."""
    made = _closed(copy.deepcopy(schema))
    made["properties"]["metadata"] = {"type": "object"}
    return made


def _closed(schema: Any) -> Any:
    match schema:
        case dict():
            closed = {key: _closed(value) for key, value in schema.items()}
            return _either(closed | _end(closed))
        case list():
            return [_closed(each) for each in schema]
        case _:
            return schema


def _end(schema: dict[str, Any]) -> dict[str, Any]:
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    is_object = schema.get("type") == "object" and "properties" in schema
    return {"additionalProperties": False} if is_object and not is_open else {}


def _either(schema: dict[str, Any]) -> dict[str, Any]:
    if not schema.get("x-kubernetes-int-or-string"):
        return schema
    return {key: value for key, value in schema.items() if key != "type"} | {
        "anyOf": [{"type": "integer"}, {"type": "string"}]
    }
