"""Examine queues and buckets: there, ours, as the pipeline wants them, and open to this workload."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.clients import open_s3, open_sqs
from common.ctl.environment import ToldQueues
from common.ctl.findings import Finding, encryption, foreign, ok, wrong
from common.ctl.probes import allowed, code_of, is_denied
from common.ctl.rights import Actions, Workload
from common.depths import redrive_policy
from common.pipeline import MAX_RECEIVE_COUNT, VISIBILITY_TIMEOUT, dead_letter_name
from common.settings import BucketSettings, queue_urls

LARGEST_SKEW = timedelta(seconds=60)  # signatures are refused after five minutes
BOOTSTRAP = "pipelinectl bootstrap creates it in an emulator, deploy/aws/queues.yaml on AWS"


async def queues(settings: ToldQueues, who: Workload | None = None) -> list[Finding]:
    """Every queue this environment names; of a workload that is known, those it has business with."""
    urls = queue_urls(settings)
    async with open_sqs(settings) as sqs:
        found = await asyncio.gather(*(_queue(sqs, stage, url, who) for stage, url in urls.items()))
    tls = [encryption("sqs", url, encrypted=url.startswith("https:")) for url in _first(settings, urls)]
    return [*tls, *(finding for findings in found for finding in findings)]


async def buckets(settings: BucketSettings, who: Workload | None = None) -> list[Finding]:
    """The two buckets, and the clock, by which requests are signed."""
    endpoint = settings.s3_endpoint
    names = {"audio": settings.s3_bucket_audio, "transcripts": settings.s3_bucket_transcripts}
    async with open_s3(settings) as s3:
        found = await asyncio.gather(*(_bucket(s3, purpose, name, who) for purpose, name in names.items()))
    tls = [encryption("s3", endpoint, encrypted=endpoint.startswith("https:"))] if endpoint else []
    return [*tls, *(finding for findings in found for finding in findings)]


def clock(date: str | None, now: datetime) -> list[Finding]:
    """How far our clock is from the server's."""
    if date is None:
        return []
    skew = abs(now - parsedate_to_datetime(date))
    told = f"{skew.total_seconds():.0f} s from the server's"
    return [ok("clock", told) if skew <= LARGEST_SKEW else wrong("clock", told, "set this machine's clock")]


def configuration(stage: str, attributes: Mapping[str, str]) -> list[Finding]:
    """A queue's attributes beside what the pipeline says."""
    policy = redrive_policy(attributes)
    told = {
        "visibility": (attributes.get("VisibilityTimeout"), str(VISIBILITY_TIMEOUT)),
        "redrive": (str(policy.get("maxReceiveCount")), str(MAX_RECEIVE_COUNT)),
    }
    return [
        ok(f"queue.{stage}.{what}", has)
        if has == wanted
        else wrong(f"queue.{stage}.{what}", f"{has}, not {wanted}", f"set it: {BOOTSTRAP}")
        for what, (has, wanted) in told.items()
    ]


async def _queue(sqs: Any, stage: str, url: str, who: Workload | None) -> list[Finding]:
    check, name = f"queue.{stage}", url.rsplit("/", 1)[-1]
    if who and stage not in who.may:
        return [foreign(check, who.name)]
    try:
        answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        may = await allowed(sqs, check, name, url, who.may[stage], who) if who else []
    except (ClientError, BotoCoreError, OSError) as error:
        return [_refused(check, name, error, "sqs:GetQueueAttributes")]
    attributes = answer.get("Attributes") or {}
    return [
        ok(check, f"{name} answers"),
        *may,
        *configuration(stage, attributes),
        *await _dead_letters(sqs, stage, attributes, who),
    ]


async def _dead_letters(
    sqs: Any, stage: str, attributes: Mapping[str, str], who: Workload | None
) -> list[Finding]:
    """It must keep letters longer than the queue keeps messages: their age counts from the first sending."""
    check, policy = f"queue.{stage}.dlq", redrive_policy(attributes)
    if not policy:
        return []
    name = policy["deadLetterTargetArn"].rsplit(":", 1)[-1]
    wanted: Actions = who.may.get(dead_letter_name(stage), frozenset()) if who else frozenset()
    try:
        url = (await sqs.get_queue_url(QueueName=name))["QueueUrl"]
        theirs = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
        may = await allowed(sqs, check, name, url, wanted, who) if who else []
    except (ClientError, BotoCoreError, OSError) as error:
        return [_refused(check, name, error, "sqs:GetQueueUrl and sqs:GetQueueAttributes")]
    return [*_retention(check, name, theirs, attributes), *may]


def _retention(
    check: str, name: str, theirs: Mapping[str, str], attributes: Mapping[str, str]
) -> list[Finding]:
    kept, source = (int(a.get("MessageRetentionPeriod", 0)) for a in (theirs, attributes))
    if kept < source:
        told = f"{name} keeps letters {kept} s, its queue {source} s"
        return [wrong(check, told, "keep dead letters longer", state="warn")]
    return [ok(check, f"{name} answers")]


async def _bucket(s3: Any, purpose: str, name: str, who: Workload | None) -> list[Finding]:
    check = f"bucket.{name}"
    if who and purpose not in who.may:
        return [foreign(check, who.name)]
    try:
        answer = await s3.head_bucket(Bucket=name)
        may = await allowed(s3, check, name, name, who.may[purpose], who) if who else []
    except (ClientError, BotoCoreError, OSError) as error:
        return [_refused(check, name, error, "s3:ListBucket")]
    date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    return [ok(check, "answers"), *may, *clock(date, datetime.now(UTC))]


def _refused(check: str, name: str, error: Exception, action: str) -> Finding:
    """*action* is what was asked, as IAM calls it."""
    code = code_of(error)
    if is_denied(error):
        remedy = f"check the credentials, and that the role's policy allows {action} on it"
        return wrong(check, f"{name}: access is denied", remedy)
    if code == "404" or "NonExistent" in code or "DoesNotExist" in code or code == "NoSuchBucket":
        return wrong(check, f"there is no {name}", f"check the name; {BOOTSTRAP}")
    return wrong(check, f"{name}: {code or type(error).__name__}", "check the address and the network")


def _first(settings: ToldQueues, urls: Mapping[str, str]) -> list[str]:
    return [settings.sqs_endpoint or next(iter(urls.values()))] if urls else []
