"""The fake behind SQS's JSON protocol, with a switch for faults and counters other processes can reach."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from botocore.exceptions import ClientError

from faststream_sqs.engine.client import MAX_BYTES

from .faults import Fault
from .sqs import FakeSQS

CONTROL = "/_fake/"
LARGEST_BODY = 64 * MAX_BYTES
JSON = "application/x-amz-json-1.0"
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")
_LEGACY = {"QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue"}  # the query protocol's own names
_ACTIONS = (
    "CreateQueue",
    "GetQueueUrl",
    "GetQueueAttributes",
    "SetQueueAttributes",
    "ListQueues",
    "DeleteQueue",
    "PurgeQueue",
    "SendMessage",
    "SendMessageBatch",
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
)
METHODS = {f"AmazonSQS.{action}": _WORDS.sub("_", action).lower() for action in _ACTIONS}

Content = dict[str, Any]


@asynccontextmanager
async def serving(sqs: FakeSQS, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve the fake while needed; yields its URL. Port 0 is any free one."""
    server = web.Server(Front(sqs).answer, request_factory=_request)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    # aiohttp's own limit is SQS's, and JSON is larger than what SQS counts.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)


class Front:
    """Answers requests for one fake."""

    def __init__(self, sqs: FakeSQS) -> None:
        self.sqs = sqs

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """SQS's answer, or the control's."""
        body = await request.read()
        if request.path.startswith(CONTROL):
            return self._control(request, json.loads(body or b"{}"))
        method = METHODS.get(request.headers.get("X-Amz-Target", ""))
        if method is None:
            return failure("InvalidAction", "only these are spoken: " + ", ".join(_ACTIONS), 400)
        self.sqs.url = f"http://{request.host}"
        try:
            return success(outbound(await getattr(self.sqs, method)(**inbound(json.loads(body)))))
        except ClientError as error:
            return refused(error)
        except (KeyError, TypeError, ValueError) as error:
            return failure("InvalidParameterValue", repr(error), 400)
        except ConnectionResetError:
            return reset(request)

    def _control(self, request: web.BaseRequest, content: Content) -> web.Response:
        handle = CONTROLS.get((request.method, request.path.removeprefix(CONTROL)))
        if handle is None:
            return web.json_response({"controls": sorted(f"{m} {p}" for m, p in CONTROLS)}, status=404)
        return web.json_response(handle(self.sqs, content))


def success(content: Mapping[str, Any]) -> web.Response:
    """An answer."""
    return web.Response(body=json.dumps(content).encode(), headers={"Content-Type": JSON})


def refused(error: ClientError) -> web.Response:
    """An error of the fake's."""
    detail = error.response["Error"]
    return failure(detail["Code"], detail["Message"], error.response["ResponseMetadata"]["HTTPStatusCode"])


def failure(code: str, text: str, status: int) -> web.Response:
    """An error, by its JSON name and by the older protocol's."""
    side = "Sender" if status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's line between the two
    content = {"__type": f"com.amazonaws.sqs#{code.rsplit('.', 1)[-1]}", "message": text}
    return web.Response(
        body=json.dumps(content).encode(),
        status=status,
        headers={"x-amzn-query-error": f"{_LEGACY.get(code, code)};{side}", "Content-Type": JSON},
    )


def reset(request: web.BaseRequest) -> web.Response:
    """Break the connection."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


def inbound(content: Content) -> Content:
    """A request as botocore's client would take it: bytes where JSON has base64."""
    for entry in (content, *content.get("Entries", ())):
        if attributes := entry.get("MessageAttributes"):
            entry["MessageAttributes"] = {name: _decoded(value) for name, value in attributes.items()}
    return content


def outbound(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer as JSON can carry it."""
    if "Messages" not in answer:
        return answer
    return {"Messages": [_carried(message) for message in answer["Messages"]]}


def _decoded(value: Content) -> Content:
    return (
        value | {"BinaryValue": base64.b64decode(value["BinaryValue"])} if "BinaryValue" in value else value
    )


def _encoded(value: Mapping[str, Any]) -> Content:
    if "BinaryValue" not in value:
        return dict(value)
    return {**value, "BinaryValue": base64.b64encode(value["BinaryValue"]).decode()}


def _carried(message: Mapping[str, Any]) -> Content:
    digest = hashlib.md5(message["Body"].encode(), usedforsecurity=False).hexdigest()
    attributes = {name: _encoded(value) for name, value in (message.get("MessageAttributes") or {}).items()}
    return {**message, "MD5OfBody": digest} | ({"MessageAttributes": attributes} if attributes else {})


def _requests(sqs: FakeSQS, _: Content) -> Any:
    return dict(sqs.requests)


def _forget_requests(sqs: FakeSQS, _: Content) -> Any:
    sqs.requests.clear()
    return {}


def _fault(content: Content) -> Fault:
    entries = content.get("entries")
    return Fault(**content | {"entries": None if entries is None else frozenset(entries)})


def _fail(sqs: FakeSQS, content: Content) -> Any:
    action, times = content.pop("action"), content.pop("times", 1)
    sqs.fail(action, _fault(content), times=times)
    return {}


def _disturb(sqs: FakeSQS, content: Content) -> Any:
    faults = [_fault(one) for one in content.get("faults", [])]
    sqs.disturb(content["rate"], faults or [Fault()], seed=content.get("seed", 0))
    return {}


def _heal(sqs: FakeSQS, _: Content) -> Any:
    sqs.heal()
    return {}


def _round_trip(sqs: FakeSQS, content: Content) -> Any:
    sqs.round_trip = float(content["seconds"])
    return {}


def _queues(sqs: FakeSQS, _: Content) -> Any:
    return {
        name: {"held": len(queue.held), "hidden": sqs.in_flight(name)} for name, queue in sqs.queues.items()
    }


def _deliveries(sqs: FakeSQS, _: Content) -> Any:
    names = ("stored", "received_again", "finished_again", "late_deletes")
    return {name: {what: queue.tally[what] for what in names} for name, queue in sqs.queues.items()}


def _polls(sqs: FakeSQS, _: Content) -> Any:
    return sqs.polls


def _add_queue(sqs: FakeSQS, content: Content) -> Any:
    return {"QueueUrl": sqs.add_queue(content["name"], **content.get("attributes", {}))}


def _put(sqs: FakeSQS, content: Content) -> Any:
    return [sqs.put(content["queue"], **_put_arguments(entry)) for entry in content["entries"]]


def _put_arguments(entry: Content) -> Content:
    return {"body" if name == "MessageBody" else name: value for name, value in inbound(entry).items()}


def _messages(sqs: FakeSQS, content: Content) -> Any:
    entries = [message.entry for message in sqs.messages(content["queue"])]
    return [_storable(entry) for entry in entries[: content.get("limit", 1_000)]]


def _storable(entry: Mapping[str, Any]) -> Content:
    kept = {name: value for name, value in entry.items() if name not in {"Id", "QueueUrl"}}
    attributes = {name: _encoded(value) for name, value in (entry.get("MessageAttributes") or {}).items()}
    return kept | ({"MessageAttributes": attributes} if attributes else {})


def _clear(sqs: FakeSQS, _: Content) -> Any:
    sqs.queues.clear()
    sqs.requests.clear()
    sqs.heal()
    return {}


CONTROLS: Mapping[tuple[str, str], Callable[[FakeSQS, Content], Any]] = {
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget_requests,
    ("POST", "faults"): _fail,
    ("PUT", "faults"): _disturb,
    ("DELETE", "faults"): _heal,
    ("PUT", "round-trip"): _round_trip,
    ("GET", "queues"): _queues,
    ("GET", "deliveries"): _deliveries,
    ("GET", "polls"): _polls,
    ("POST", "queues"): _add_queue,
    ("DELETE", "queues"): _clear,
    ("GET", "messages"): _messages,
    ("POST", "messages"): _put,
}
