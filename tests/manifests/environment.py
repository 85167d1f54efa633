"""Whether what pods are told is what their service reads."""

import base64
from collections.abc import Iterator, Mapping

from common.settings import ServiceSettings, variables
from ingest.settings import Settings as IngestSettings
from manifests.rendering import Object, Rendered, container, name_of
from onebox.contracts import SETTINGS
from pydantic import ValidationError

WORKLOADS: Mapping[str, type[ServiceSettings]] = {
    **SETTINGS,
    "ingest": IngestSettings,
    "ingest-api": SETTINGS["ingest"],
}
OF_LIBRARIES = {
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("FORWARDED_ALLOW_IPS", "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN"),
}
CONFIDENTIAL = "in confidence"  # stands for a value that only the cluster knows


def given(rendered: Rendered, deployment: Object) -> dict[str, str]:
    """Every variable of its container, as far as the manifests tell."""
    found: dict[str, str] = {}
    for source in container(deployment).get("envFrom", []):
        found |= _source(rendered, source)
    return found | {variable["name"]: variable["value"] for variable in container(deployment).get("env", [])}


def _source(rendered: Rendered, source: Object) -> dict[str, str]:
    match source:
        case {"configMapRef": {"name": name}}:
            return _first(
                [dict(m["data"]) for m in rendered.of("ConfigMap") if m["metadata"]["name"] == name]
            )
        case {"secretRef": {"name": name}}:
            return _first([_secret(s) for s in rendered.of("Secret", "ExternalSecret") if _makes(s) == name])
    return {}


def _first(found: list[dict[str, str]]) -> dict[str, str]:
    return found[0] if found else {}


def _makes(secret: Object) -> str:
    made: str = secret["metadata"]["name"] if secret["kind"] == "Secret" else secret["spec"]["target"]["name"]
    return made


def _secret(secret: Object) -> dict[str, str]:
    if secret["kind"] == "ExternalSecret":
        return {entry["secretKey"]: CONFIDENTIAL for entry in secret["spec"]["data"]}
    return {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}


def fields(settings: type[ServiceSettings]) -> dict[str, str]:
    """Environment variable to field, aliases included."""
    return {
        variable: name for name, info in settings.model_fields.items() for variable in variables(name, info)
    }


def known(rendered: Rendered) -> Iterator[str]:
    """Each variable is a setting of its service; those all share, of one service at least."""
    shared = {variable for settings in WORKLOADS.values() for variable in fields(settings)} | OF_LIBRARIES
    for found in rendered.of("ConfigMap"):
        if found["metadata"]["name"].startswith("callstream-"):
            yield from (
                f"{name_of(found)}: nobody reads {name}" for name in sorted(found["data"].keys() - shared)
            )
    for deployment in rendered.deployments:
        own = fields(WORKLOADS[deployment["metadata"]["name"]]).keys() | OF_LIBRARIES
        for name in sorted(_private(rendered, deployment) - own):
            yield f"{name_of(deployment)}: is told {name}, which it does not read"


def _private(rendered: Rendered, deployment: Object) -> set[str]:
    secrets = [source for source in container(deployment)["envFrom"] if "secretRef" in source]
    told = {variable["name"] for variable in container(deployment)["env"]}
    return told.union(*(_source(rendered, source) for source in secrets))


def enough(rendered: Rendered) -> Iterator[str]:
    """With what it is told, each service's settings can be read."""
    for deployment in rendered.deployments:
        settings = WORKLOADS[deployment["metadata"]["name"]]
        names = fields(settings)
        told = {names[n]: value for n, value in given(rendered, deployment).items() if n in names}
        try:
            settings.model_validate(told)
        except ValidationError as error:
            for fault in error.errors(include_input=False):
                yield f"{name_of(deployment)}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
