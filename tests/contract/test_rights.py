"""What a doctor asks of AWS is what the roles grant."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from common.ctl.rights import ERASE, FIND, READ, RIGHTS, SEND, SETTLE, WRITE, workload, workload_of_this_image
from common.pipeline import PIPELINE, dead_letter_name
from contract.test_images import APPLICATIONS
from onebox.access import POLICIES, logical

ASKED = SEND | SETTLE | FIND | READ | WRITE | ERASE
NAMES = {
    **{logical(stage.name, "Queue"): stage.name for stage in PIPELINE},
    **{logical(stage.name, "DeadLetters"): dead_letter_name(stage.name) for stage in PIPELINE},
    **{logical(purpose, "Bucket"): purpose for purpose in ("audio", "transcripts")},
}


def name_of(resource: Mapping[str, Any]) -> str | None:
    """A queue's name or a bucket's purpose; objects are named by their bucket."""
    match resource:
        case {"Fn::GetAtt": [name, "Arn"]}:
            return NAMES.get(name)
        case {"Fn::Sub": str(text)}:
            return NAMES.get(text.removeprefix("${").removesuffix(".Arn}/*"))
    return None


@pytest.mark.parametrize("name", [name for name, policy in POLICIES.items() if policy.is_ours])
def test_what_is_asked_is_what_is_granted(name: str) -> None:
    """No more, which would alarm for nothing, and no less, which would miss what is missing."""
    granted: dict[str, set[str]] = defaultdict(set)
    for statement in POLICIES[name].statements:
        for resource in statement["Resource"]:
            if (about := name_of(resource)) and (asked := ASKED.intersection(statement["Action"])):
                granted[about] |= asked

    assert {about: set(actions) for about, actions in RIGHTS[name].items()} == granted


@pytest.mark.parametrize(("image", "application"), [(i, a) for i, a in APPLICATIONS.items() if i != "onebox"])
def test_an_image_knows_which_workload_it_is(image: str, application: str) -> None:
    """By what it serves; outside of an image nobody is known."""
    found = workload_of_this_image({"UVICORN_APP": application})

    assert (workload(image), None) == (found, workload_of_this_image({}))


def test_an_api_that_drains_needs_both_rights() -> None:
    """One process, two workloads."""
    both = workload("ingest-api", "ingest")

    assert ("ingest-api and ingest", READ | WRITE | FIND | ERASE, SEND | SETTLE) == (
        both.name,
        both.may["audio"],
        both.may["ingest"],
    )
