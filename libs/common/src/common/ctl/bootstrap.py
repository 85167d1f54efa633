"""Create what the services expect: queues, buckets, notifications, indexes; as often as asked."""

from botocore.exceptions import BotoCoreError, ClientError

from common.clients import open_mongo, open_opensearch, open_s3, open_sqs
from common.ctl.buckets import NotOffered, create_buckets, notify
from common.ctl.environment import ToldQueues, told
from common.ctl.queues import create_queues, queue_arn
from common.errors import Permanent, PipelineError, raising
from common.index import ChunkIndex, IndexSettings
from common.index.shape import index_name
from common.journal import Journal
from common.model import Analysis, Call, Indexed, Noun
from common.pipeline import INGEST
from common.settings import (
    AwsSettings,
    BucketSettings,
    MongoSettings,
    queue_urls,
)
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors.settings import EmbeddingSettings
from common.work import Claims

REFUSED: dict[type[Exception], type[PipelineError]] = dict.fromkeys(
    (ClientError, BotoCoreError, OSError), Permanent
)


class Made(Noun):
    """What is there now."""

    what: str
    told: str


def is_aws_itself(settings: AwsSettings) -> bool:
    """Whether any of this would happen in somebody's AWS account."""
    return settings.sqs_endpoint is None or settings.s3_endpoint is None


async def bootstrap() -> list[Made]:
    """Everything this environment names, in an order in which each finds what it refers to."""
    made = await _queues(ToldQueues.read())
    if buckets := told(BucketSettings):
        made += await _buckets(buckets, ToldQueues.read())
    if mongo := told(MongoSettings):
        made += await _documents(mongo)
    if search := told(IndexSettings):
        made += await _search(search, EmbeddingSettings.read(), buckets)
    return made


async def _queues(settings: ToldQueues) -> list[Made]:
    names = [url.rsplit("/", 1)[-1] for url in queue_urls(settings).values()]
    async with open_sqs(settings) as sqs:
        with raising("creating queues", REFUSED):
            urls = await create_queues(sqs, {name: {} for name in names})
    return [Made(what="queue", told=f"{url} and its dead-letter queue") for url in urls.values()]


async def _buckets(settings: BucketSettings, queues: ToldQueues) -> list[Made]:
    names = (settings.s3_bucket_audio, settings.s3_bucket_transcripts)
    async with open_s3(settings) as s3:
        with raising("creating buckets", REFUSED):
            await create_buckets(s3, names)
    made = [Made(what="bucket", told=name) for name in names]
    return [*made, await _notification(settings, queues)]


async def _notification(settings: BucketSettings, queues: ToldQueues) -> Made:
    """A bucket can only tell a queue that lives on the same servers."""
    url = queue_urls(queues).get(INGEST.name)
    if url is None or settings.s3_endpoint != settings.sqs_endpoint:
        return Made(what="notification", told="none: this S3 and this SQS do not know each other")
    async with open_s3(settings) as s3, open_sqs(settings) as sqs:
        with raising("asking for notifications", REFUSED):
            made = await notify(s3, settings.s3_bucket_audio, await queue_arn(sqs, url))
    told = "none: this S3 offers none" if isinstance(made, NotOffered) else f"{made.bucket} to {url}"
    return Made(what="notification", told=told)


async def _documents(settings: MongoSettings) -> list[Made]:
    async with open_mongo(settings) as db:
        await Journal(db["journal"]).prepare()
        await Store(db["calls"], Call).prepare()
        await transcripts_in(db).prepare()
        await Store(db["analyses"], Analysis).prepare()
        await Store(db["indexed"], Indexed).prepare()
        await Claims(db["work"], days=1).prepare()
    names = ("journal", "calls", "transcripts", "transcript_parts", "analyses", "indexed", "work")
    return [Made(what="indexes", told=f"{settings.mongodb_database}.{name}") for name in names]


async def _search(
    settings: IndexSettings, embedding: EmbeddingSettings, aws: AwsSettings | None
) -> list[Made]:
    model, dimensions = embedding.embedding_model, embedding.vector_size
    if dimensions is None:
        return [Made(what="search index", told=f"with the first call: {model} has unknown dimensions")]
    async with open_opensearch(settings, aws.aws_region if aws else "") as client:
        index = ChunkIndex(client, model, settings.opensearch_index, shape=settings.shape)
        await index.prepare(dimensions)
    return [Made(what="search index", told=index_name(settings.opensearch_index, model, dimensions))]
