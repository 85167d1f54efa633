"""The fake as a server: other processes set it up, disturb it and count."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from faststream_sqs import FakeSQS
from faststream_sqs.fake.http import CONTROLS, serving


class Caller:
    """Speaks to the server as a foreign process would."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self.url = session, url

    async def sqs(self, action: str, **content: Any) -> tuple[int, Any]:
        """One request of SQS's JSON protocol."""
        headers = {"X-Amz-Target": f"AmazonSQS.{action}"}
        async with self._session.post(self.url, json=content, headers=headers) as answer:
            return answer.status, json.loads(await answer.read())

    async def control(self, method: str, path: str, **content: Any) -> Any:
        """One request to the control."""
        async with self._session.request(method, f"{self.url}/_fake/{path}", json=content) as answer:
            return await answer.json()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with serving(FakeSQS()) as url, aiohttp.ClientSession() as session:
        yield Caller(session, url)


async def test_set_up_and_count(caller: Caller) -> None:
    """Queues and messages are put there without a request that counts; counts begin anew on demand."""
    url = (await caller.control("POST", "queues", name="work", attributes={"VisibilityTimeout": 5}))[
        "QueueUrl"
    ]
    await caller.control(
        "POST", "messages", queue="work", entries=[{"MessageBody": "a"}, {"MessageBody": "b"}]
    )
    status, answer = await caller.sqs("ReceiveMessage", QueueUrl=url)
    counted = await caller.control("GET", "requests")
    await caller.control("DELETE", "requests")

    assert (200, "a") == (status, answer["Messages"][0]["Body"])
    assert {"receive_message": 1} == counted
    assert {} == await caller.control("GET", "requests")
    assert {"work": {"held": 2, "hidden": 1}} == await caller.control("GET", "queues")
    assert [{"MessageBody": "a"}] == await caller.control("GET", "messages", queue="work", limit=1)


async def test_queue_urls_lead_back(caller: Caller) -> None:
    """A queue's URL names the server that was asked."""
    _, answer = await caller.sqs("CreateQueue", QueueName="work")

    assert f"{caller.url}/000000000000/work" == answer["QueueUrl"]


async def test_faults(caller: Caller) -> None:
    """An error, a broken connection and a partial failure are at another process's command."""
    url = (await caller.control("POST", "queues", name="work"))["QueueUrl"]
    send = {"QueueUrl": url, "Entries": [{"Id": "a", "MessageBody": "x"}]}
    await caller.control("POST", "faults", action="send_message_batch", code="SlowDown", status=400)
    status, refused = await caller.sqs("SendMessageBatch", **send)
    await caller.control("POST", "faults", action="send_message_batch", entries=[0])
    _, partial = await caller.sqs("SendMessageBatch", **send)
    await caller.control("POST", "faults", action="send_message_batch", reset=True, after_effect=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.sqs("SendMessageBatch", **send)

    assert (400, "com.amazonaws.sqs#SlowDown") == (status, refused["__type"])
    assert ["a"] == [failure["Id"] for failure in partial["Failed"]]
    assert {"work": {"held": 1, "hidden": 0}} == await caller.control("GET", "queues")


async def test_storm(caller: Caller) -> None:
    """A share of all requests fails until it clears."""
    url = (await caller.control("POST", "queues", name="work"))["QueueUrl"]
    await caller.control("PUT", "faults", rate=0.2, seed=3)
    stormy = [(await caller.sqs("ReceiveMessage", QueueUrl=url))[0] for _ in range(100)]
    await caller.control("DELETE", "faults")
    calm = [(await caller.sqs("ReceiveMessage", QueueUrl=url))[0] for _ in range(20)]

    assert 10 <= stormy.count(503) <= 30
    assert {200} == set(calm)


async def test_unknown_requests(caller: Caller) -> None:
    """What is not spoken is refused with a list of what is."""
    status, answer = await caller.sqs("StartMessageMoveTask")
    controls = await caller.control("GET", "nothing")

    assert (400, True) == (status, "ReceiveMessage" in answer["message"])
    assert len(CONTROLS) == len(controls["controls"])


async def test_as_a_program() -> None:
    """`python -m faststream_sqs.fake` says where it is, serves, and ends at SIGTERM."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "faststream_sqs.fake", stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    try:
        url = (await asyncio.wait_for(program.stdout.readline(), 60)).decode().strip()
        async with aiohttp.ClientSession() as session:
            await Caller(session, url).control("PUT", "round-trip", seconds=0.2)
            started = asyncio.get_running_loop().time()
            await Caller(session, url).sqs("ListQueues")
            took = asyncio.get_running_loop().time() - started
    finally:
        program.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(program.wait(), 30)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert (0, True) == (code, took >= 0.2)
