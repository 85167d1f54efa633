"""Every check of rendered manifests, by its name: each yields one line for each fault it finds."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from manifests import environment, quantities, references, scaling, schemas, security, timing
from manifests.rendering import Rendered

Check = Callable[[Rendered], Iterable[str]]

CHECKS: Mapping[str, Check] = {
    **{f"kubernetes {minor}": partial(schemas.against_kubernetes, minor=minor) for minor in schemas.MINORS},
    "custom resources": schemas.against_ours,
    "whole": references.whole,
    "closed": references.closed,
    "selectors": references.selectors,
    "ports": references.ports,
    "settings are there": references.settings,
    "targets": references.targets,
    "restricted": security.restricted,
    "scratch": security.scratch,
    "door": security.door,
    "settings are known": environment.known,
    "settings are enough": environment.enough,
    "time to stop": timing.stops,
    "probes": timing.probes,
    "resources": quantities.resources,
    "budgets": quantities.budgets,
    "owners": scaling.owners,
    "rests": scaling.rests,
    "triggers": scaling.triggers,
    "queues": scaling.queues,
    "behaviour": scaling.behaviour,
}
OF_PARTS = set(CHECKS) - {"settings are there", "settings are enough", "door", "budgets"}
"""What holds for a base without an overlay, too: an overlay brings secrets, decisions and bounds."""


def faults(rendered: Rendered, names: Iterable[str] = CHECKS) -> list[str]:
    """All that these checks find."""
    return [f"{name}: {line}" for name in names for line in CHECKS[name](rendered)]
