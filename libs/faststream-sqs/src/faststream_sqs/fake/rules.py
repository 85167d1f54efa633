"""What SQS refuses, and what it leaves out."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from faststream_sqs.engine.client import MAX_BATCH, MAX_BYTES
from faststream_sqs.engine.dead_letter import MAX_ATTRIBUTES
from faststream_sqs.engine.sender import entry_bytes

from .faults import Fault, refusal
from .queue import StoredQueue

MAX_DELAY = 900  # seconds
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def check_batch(entries: Sequence[Mapping[str, Any]] | None) -> None:
    """Refuse a batch that is none, too many, or whose ids do not tell its entries apart."""
    if entries is None:
        return
    if not entries:
        raise refusal("AWS.SimpleQueueService.EmptyBatchRequest", "no entries")
    if len(entries) > MAX_BATCH:
        raise refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", f"{len(entries)} entries")
    if not all(_ENTRY_ID.fullmatch(entry["Id"]) for entry in entries):
        raise refusal("AWS.SimpleQueueService.InvalidBatchEntryId", "an id of other characters than A-z0-9_-")
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise refusal("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "two entries of one id")


def check_entry(queue: StoredQueue, entry: Mapping[str, Any]) -> None:
    """Refuse a message SQS would not take."""
    attributes = entry.get("MessageAttributes") or {}
    body, delay = entry["MessageBody"], entry.get("DelaySeconds", 0)
    rules = {
        "MissingParameter: an empty body": not body,
        "InvalidMessageContents: a character XML does not know": bool(_ILLEGAL.search(body)),
        f"InvalidParameterValue: more than {MAX_ATTRIBUTES} attributes": len(attributes) > MAX_ATTRIBUTES,
        "InvalidParameterValue: an empty attribute": any(map(_is_empty, attributes.values())),
        f"InvalidParameterValue: more than {MAX_BYTES} bytes": entry_bytes(entry) > MAX_BYTES,
        f"InvalidParameterValue: a delay not within {MAX_DELAY} s": not 0 <= delay <= MAX_DELAY,
        "InvalidParameterValue: a delay on a FIFO queue": queue.fifo and bool(delay),
        "MissingParameter: no MessageGroupId": queue.fifo and "MessageGroupId" not in entry,
    }
    for rule, broken in rules.items():
        if broken:
            code, _, text = rule.partition(": ")
            raise refusal(code, text)


def _is_empty(value: Mapping[str, Any]) -> bool:
    return not (value.get("StringValue") or value.get("BinaryValue"))


def each_entry(
    entries: Sequence[Mapping[str, Any]],
    fault: Fault | None,
    apply: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Mapping[str, Any]:
    """A batch's answer: what `apply` made of each entry, and why it or a fault refused one."""
    broken = fault.entries if fault and fault.entries else frozenset()
    answer: dict[str, list[Mapping[str, Any]]] = {"Successful": [], "Failed": []}
    for position, entry in enumerate(entries):
        if fault and position in broken:
            failure = {"Id": entry["Id"], "Code": fault.code, "SenderFault": fault.sender_fault}
            answer["Failed"].append(failure)
            continue
        try:
            answer["Successful"].append({"Id": entry["Id"], **apply(entry)})
        except ClientError as error:
            detail = error.response["Error"]
            answer["Failed"].append({"Id": entry["Id"], "SenderFault": True, **detail})
    return answer


def asked_for(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Of these attributes, those a receive named; SQS sends no others."""
    if not values or "All" in names or ".*" in names:
        return dict(values)
    prefixes = tuple(name[:-2] for name in names if name.endswith(".*"))
    return {
        name: value for name, value in values.items() if name in names or name.startswith(prefixes or "\0")
    }
