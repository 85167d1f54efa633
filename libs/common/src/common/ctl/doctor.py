"""Examine everything this environment names, all at once, each in bounded time."""

import asyncio
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from importlib.metadata import version
from typing import Final

from common.ctl import exam_aws, exam_issuer, exam_provider, exam_proxy, exam_stores
from common.ctl.environment import S, ToldQueues, told
from common.ctl.findings import Finding, ok, skipped, unasked, wrong
from common.ctl.rights import RIGHTS, Workload
from common.provider_settings import AnalysisSettings, OpenAISettings, Provider, TranscriptionSettings
from common.settings import (
    AwsSettings,
    BucketSettings,
    IssuerSettings,
    MongoSettings,
    OpenSearchSettings,
    RedisSettings,
    SettingsError,
)
from common.vectors.settings import EmbeddingSettings

PATIENCE: Final = 8.0  # seconds for each examination
PURPOSES: Final[dict[exam_provider.Purpose, type[OpenAISettings]]] = {
    "transcription": TranscriptionSettings,
    "analysis": AnalysisSettings,
    "embedding": EmbeddingSettings,
}

Exam = Callable[[], Awaitable[list[Finding]]]


async def examine(who: Workload | None = None) -> list[Finding]:
    """What this process is, then each dependency in turn of the pipeline, and what *who* may do there."""
    each = await asyncio.gather(*(bounded(name, exam) for name, exam in _exams(who).items()))
    found = [finding for findings in each for finding in findings]
    return [_versions(), *_unconfigured(found), *_unasked(who), *found]


def healthy(findings: Iterable[Finding]) -> bool:
    """Whether nothing failed; a warning is no failure."""
    return all(finding.state != "fail" for finding in findings)


async def bounded(name: str, exam: Exam) -> list[Finding]:
    """What an examination finds in bounded time; one that breaks is a finding, too."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await exam()
    except TimeoutError:
        return [wrong(name, f"no answer within {PATIENCE:g} s", "check the address and the network")]
    except SettingsError as error:
        return [wrong(name, " ".join(str(error).split()), "set it, as .env.example shows")]


def _exams(who: Workload | None) -> dict[str, Exam]:
    region = told(AwsSettings)
    return {
        "sqs": _of(ToldQueues, partial(exam_aws.queues, who=who), "AWS_REGION"),
        "s3": _of(
            BucketSettings, partial(exam_aws.buckets, who=who), "S3_BUCKET_AUDIO, S3_BUCKET_TRANSCRIPTS"
        ),
        "mongodb": _of(MongoSettings, exam_stores.mongo, "MONGODB_URI"),
        "redis": _of(RedisSettings, exam_stores.redis, "REDIS_ENDPOINT"),
        "opensearch": _of(
            OpenSearchSettings,
            partial(exam_stores.search, region=region.aws_region if region else ""),
            "OPENSEARCH_URL",
        ),
        "issuer": _issuer,
        "proxy": _proxy,
        **{f"provider.{purpose}": _provider(purpose) for purpose in PURPOSES},
    }


def _of(group: type[S], exam: Callable[[S], Awaitable[list[Finding]]], variables: str) -> Exam:
    async def examined() -> list[Finding]:
        settings = told(group)
        return (
            [skipped(variables.split(",", maxsplit=1)[0], variables)]
            if settings is None
            else await exam(settings)
        )

    return examined


async def _issuer() -> list[Finding]:
    settings = IssuerSettings.read()
    return await exam_issuer.issuer(settings) if settings.oidc_issuer else [skipped("issuer", "OIDC_ISSUER")]


async def _proxy() -> list[Finding]:
    return await exam_proxy.proxy(exam_proxy.ProxySettings.read())


def _provider(purpose: exam_provider.Purpose) -> Exam:
    """A purpose whose model nobody chose here is another image's."""

    async def examined() -> list[Finding]:
        settings = PURPOSES[purpose].read()
        if isinstance(settings, EmbeddingSettings) and settings.embedding_provider == "bedrock":
            return await exam_provider.bedrock(settings, AwsSettings.read())
        try:
            Provider(settings, purpose)
        except SettingsError:
            return [skipped(f"provider.{purpose}", f"{purpose.upper()}_API_KEY or OPENAI_API_KEY")]
        return await exam_provider.provider(settings, purpose)

    return examined


def _unconfigured(found: Iterable[Finding]) -> list[Finding]:
    """An environment that names nothing at all is nobody's, and not a healthy one."""
    if any(finding.state != "skipped" for finding in found):
        return []
    remedy = "set what .env.example lists, or read the environment of what runs, such as .onebox/env"
    return [wrong("environment", "names no server and no provider", remedy)]


def _unasked(who: Workload | None) -> list[Finding]:
    return [] if who else [unasked("rights", f"pipelinectl doctor --as {'|'.join(RIGHTS)}")]


def _versions() -> Finding:
    python = ".".join(map(str, sys.version_info[:3]))
    return ok("versions", f"common {version('common')}, Python {python}, {ssl.OPENSSL_VERSION}")
