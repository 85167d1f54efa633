"""What a test may look at behind the API: queues, buckets and collections of one running stack."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiobotocore.config import AioConfig
from common.pipeline import PIPELINE, dead_letter_name
from faststream_sqs.sessions import open_session
from pymongo import AsyncMongoClient


class Backstage:
    """Clients of one stack's servers."""

    def __init__(self, environment: Mapping[str, str], sqs: Any, s3: Any, db: Any) -> None:
        self._environment = environment
        self.sqs = sqs
        self.s3 = s3
        self.db = db

    def queue(self, stage: str) -> str:
        """A stage's queue URL."""
        return self._environment[f"SQS_{stage.upper()}_QUEUE_URL"]

    @property
    def audio(self) -> str:
        """The bucket of the recordings."""
        return self._environment["S3_BUCKET_AUDIO"]

    @property
    def transcripts(self) -> str:
        """The bucket of the transcripts."""
        return self._environment["S3_BUCKET_TRANSCRIPTS"]

    async def send(self, stage: str, event: dict[str, Any]) -> None:
        """Put a message on a stage's queue, as an upstream system would."""
        await self.sqs.send_message(QueueUrl=self.queue(stage), MessageBody=json.dumps(event))

    async def depth(self, stage: str, *, dead: bool = False) -> tuple[int, int]:
        """Messages waiting and messages in flight."""
        url = dead_letter_name(self.queue(stage)) if dead else self.queue(stage)
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])

    async def dead_letters(self, stage: str) -> list[dict[str, Any]]:
        """The messages in a stage's dead-letter queue; they are hidden for a second by this look."""
        answer = await self.sqs.receive_message(
            QueueUrl=dead_letter_name(self.queue(stage)),
            MaxNumberOfMessages=10,
            VisibilityTimeout=1,
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages") or [])

    async def documents(self, call_id: str) -> dict[str, int]:
        """How many documents each collection keeps of a call."""
        names = ("calls", "transcripts", "analyses", "indexed", "journal")
        return {name: await self.db[name].count_documents({"call_id": call_id}) for name in names}

    async def idle(self) -> bool:
        """Whether no queue holds a message, waiting or in flight."""
        return all([await self.depth(stage.name) == (0, 0) for stage in PIPELINE])


ONE_OF_EACH = {"calls": 1, "transcripts": 1, "analyses": 1, "indexed": 1, "journal": 1}


@asynccontextmanager
async def open_backstage(environment: Mapping[str, str]) -> AsyncIterator[Backstage]:
    """Clients of the servers that *environment* names."""
    common = environment.get("AWS_ENDPOINT_URL")
    login: dict[str, Any] = {
        "region_name": environment["AWS_REGION"],
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    session = open_session()
    async with AsyncExitStack() as life:
        sqs = await life.enter_async_context(
            session.create_client(
                "sqs", endpoint_url=environment.get("AWS_ENDPOINT_URL_SQS") or common, **login
            )
        )
        config = AioConfig(s3={"addressing_style": "path"}, signature_version="s3v4")
        s3_url = environment.get("AWS_ENDPOINT_URL_S3") or common
        s3 = await life.enter_async_context(
            session.create_client("s3", endpoint_url=s3_url, config=config, **login)
        )
        mongo: Any = await life.enter_async_context(AsyncMongoClient(environment["MONGODB_URI"]))
        yield Backstage(environment, sqs, s3, mongo[environment["MONGODB_DATABASE"]])
