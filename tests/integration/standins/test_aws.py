"""Queues, buckets and notifications are made alike on the stand-in and on real servers, as often as asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from faststream_sqs.sessions import open_session
from onebox.aws import Notified, NotOffered, create_buckets, create_queues, notify, queue_arn
from onebox.servers import running_aws
from types_aiobotocore_s3 import S3Client
from types_aiobotocore_sqs import SQSClient


@pytest_asyncio.fixture
async def queues(sqs: SQSClient, name: str) -> AsyncIterator[dict[str, str]]:
    """Two queues: one with the defaults, one with a visibility timeout of its own."""
    yield await create_queues(sqs, {name: {}, f"{name}-slow": {"VisibilityTimeout": "300"}})
    for url in (await sqs.list_queues(QueueNamePrefix=name))["QueueUrls"]:
        await sqs.delete_queue(QueueUrl=url)


@pytest_asyncio.fixture
async def bucket(s3: S3Client, name: str) -> AsyncIterator[str]:
    await create_buckets(s3, [name])
    yield name
    for each in (await s3.list_objects_v2(Bucket=name)).get("Contents", []):
        await s3.delete_object(Bucket=name, Key=each["Key"])
    await s3.delete_bucket(Bucket=name)


async def attributes(sqs: SQSClient, url: str) -> dict[str, str]:
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


async def received(sqs: SQSClient, url: str) -> list[dict[str, Any]]:
    """What one long poll brings."""
    answer = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    return [json.loads(message["Body"]) for message in answer.get("Messages") or []]


async def test_a_queue_comes_with_its_dead_letter_queue(
    sqs: SQSClient, queues: dict[str, str], name: str
) -> None:
    """Each queue redrives to <queue>-dlq after 20 receives, and hides messages as long as it was told."""
    found = {each: await attributes(sqs, url) for each, url in queues.items()}
    dead = (await sqs.get_queue_url(QueueName=f"{name}-dlq"))["QueueUrl"]

    policy = json.loads(found[name]["RedrivePolicy"])
    assert (await queue_arn(sqs, dead), 20) == (policy["deadLetterTargetArn"], int(policy["maxReceiveCount"]))
    assert ["60", "300"] == [each["VisibilityTimeout"] for each in found.values()]


async def test_queues_are_made_once(sqs: SQSClient, queues: dict[str, str], name: str) -> None:
    """Making the queues again keeps their messages and takes over changed attributes."""
    await sqs.send_message(QueueUrl=queues[name], MessageBody="{}")

    again = await create_queues(sqs, {name: {"VisibilityTimeout": "90"}})

    now = await attributes(sqs, queues[name])
    assert (queues[name], "90", "1") == (
        again[name],
        now["VisibilityTimeout"],
        now["ApproximateNumberOfMessages"],
    )


async def test_buckets_are_made_once(s3: S3Client, bucket: str) -> None:
    """Making a bucket again keeps what is in it."""
    await s3.put_object(Bucket=bucket, Key="k", Body=b"v")

    await create_buckets(s3, [bucket])

    found = await s3.get_object(Bucket=bucket, Key="k")
    assert b"v" == await found["Body"].read()


async def test_a_bucket_tells_its_queue_or_says_that_it_cannot(
    sqs: SQSClient, s3: S3Client, queues: dict[str, str], bucket: str, name: str
) -> None:
    """A new object under the prefix is announced once; a server that cannot do so says so."""
    told = await notify(s3, bucket, await queue_arn(sqs, queues[name]), "in/")
    await s3.put_object(Bucket=bucket, Key="out/a.wav", Body=b"no")
    await s3.put_object(Bucket=bucket, Key="in/a call.wav", Body=b"yes")

    match told:
        case NotOffered():
            assert bucket == told.bucket
        case Notified():
            events = [body for body in await received(sqs, queues[name]) if "Records" in body]
            keys = [record["s3"]["object"]["key"] for body in events for record in body["Records"]]
            assert ["in/a+call.wav"] == keys


async def test_a_clean_stop_keeps_queues_and_objects(tmp_path: Path) -> None:
    """Messages and recordings are there again after a stop and a start on the same folder."""
    login: dict[str, Any] = {
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    session = open_session()
    async with (
        running_aws(tmp_path) as url,
        session.create_client("sqs", endpoint_url=url, **login) as sqs,
        session.create_client("s3", endpoint_url=url, **login) as s3,
    ):
        made = await create_queues(sqs, {"q": {}})
        await create_buckets(s3, ["calls"])
        await asyncio.gather(
            sqs.send_message(QueueUrl=made["q"], MessageBody='{"n": 1}'),
            s3.put_object(Bucket="calls", Key="k", Body=b"v"),
        )

    async with (
        running_aws(tmp_path) as url,
        session.create_client("sqs", endpoint_url=url, **login) as sqs,
        session.create_client("s3", endpoint_url=url, **login) as s3,
    ):
        made = await create_queues(sqs, {"q": {}})
        messages = await received(sqs, made["q"])
        body = await (await s3.get_object(Bucket="calls", Key="k"))["Body"].read()

    assert ([{"n": 1}], b"v") == (messages, body)
