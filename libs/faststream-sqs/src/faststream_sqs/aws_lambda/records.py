"""What Lambda brings: records of an event, as ReceiveMessage would have returned them."""

import base64
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]
Event = Mapping[str, Any]


def by_queue(event: Event) -> dict[str, list[Record]]:
    """An event's records by the ARN of their queue; raises ValueError for another service's event."""
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in event.get("Records") or ():
        if record.get("eventSource") != "aws:sqs":
            raise ValueError(
                f"a record comes from {record.get('eventSource')!r}, not from aws:sqs: "
                "make_lambda_handler is for SQS event source mappings"
            )
        found[record["eventSourceARN"]].append(record)
    return found


def received(record: Record) -> dict[str, Any]:
    """What ReceiveMessage would have returned for a record of Lambda's."""
    attributes = record.get("messageAttributes") or {}
    return {
        "MessageId": record["messageId"],
        "ReceiptHandle": record["receiptHandle"],
        "Body": record["body"],
        "Attributes": record.get("attributes") or {},
        "MessageAttributes": {name: _attribute(value) for name, value in attributes.items()},
    }


def _attribute(value: Record) -> dict[str, Any]:
    named = {"DataType": value["dataType"], "StringValue": value.get("stringValue")}
    if (binary := value.get("binaryValue")) is not None:
        named["BinaryValue"] = base64.b64decode(binary)
    return {name: found for name, found in named.items() if found is not None}
