"""What an operator may choose: groups of settings that services inherit, read once, at start."""

import json
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from common.addresses import is_loopback
from common.limits import Limits
from common.setting_faults import Told, fault

QueueUrl = Annotated[str, Field(min_length=1)]


class SettingsError(Exception):
    """The environment lacks settings, or holds bad ones; the text lists every one of them."""


class ServiceSettings(BaseSettings):
    """What every service can be told."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True, hide_input_in_errors=True
    )

    debug: bool = Field(default=False, description="Log at DEBUG and let the API show its errors")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level logged"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours is in its place
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment as we read it."""
        return init_settings, Told(settings_cls), dotenv_settings, file_secret_settings

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsError: naming every missing or bad variable at once.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_explain(cls, error)) from None


def _explain(settings: type[BaseSettings], error: ValidationError) -> str:
    lines = sorted({_line(settings, one) for one in error.errors(include_input=False)})
    return f"{len(lines)} setting(s) to mend (see .env.example):\n" + "\n".join(lines)


def _line(settings: type[BaseSettings], error: ErrorDetails) -> str:
    """A setting and its fault; what is wrong with several together names them itself."""
    if not error["loc"]:
        return f"  {fault(error, None)}"
    name = str(error["loc"][0])
    found = {alias: field for own, field in settings.model_fields.items() for alias in _called(own, field)}
    field = found.get(name.upper())
    return f"  {variables(name, field)[0] if field else name.upper()}: {fault(error, field)}"


def _called(name: str, field: FieldInfo) -> set[str]:
    return {name.upper(), *variables(name, field)}


def variables(name: str, field: Any) -> list[str]:
    """The environment variables a field is read from, the main one first."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice).upper() for choice in alias.choices]
    return [name.upper()]


TenantClass = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
MOST_TENANT_CLASSES = 10
SAMPLERS = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]


class TracingSettings(ServiceSettings):
    """Where traces go. The exporter also reads OpenTelemetry's other variables, such as its headers."""

    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="OTLP collector (HTTP) that traces are sent to; none: nowhere"
    )
    otel_traces_sampler: SAMPLERS = Field(
        "parentbased_always_on", description="Which traces are sent: OpenTelemetry's name of a sampler"
    )
    otel_traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0, description="Share of traces sent, for the samplers that take one"
    )


class MetricsSettings(ServiceSettings):
    """How costs are told apart."""

    tenant_classes: dict[str, TenantClass] = Field(
        default_factory=dict,
        description='Tenants\' classes, by which costs are counted, as JSON such as {"acme": "gold"};'
        " others are standard",
    )

    @field_validator("tenant_classes")
    @classmethod
    def _few(cls, classes: dict[str, str]) -> dict[str, str]:
        """Each class is a label of its own in every metric of costs."""
        if len({*classes.values(), "standard"}) > MOST_TENANT_CLASSES:
            raise ValueError(f"at most {MOST_TENANT_CLASSES} classes, standard included")
        return classes


class WorkerSettings(ServiceSettings):
    """How a consumer takes messages."""

    worker_concurrency: PositiveInt = Field(
        2,
        validation_alias=AliasChoices("WORKER_CONCURRENCY", "CELERY_WORKER_CONCURRENCY"),
        description="Messages one process works on at a time",
    )
    max_messages_per_process: NonNegativeInt = Field(
        1000,
        validation_alias=AliasChoices("MAX_MESSAGES_PER_PROCESS", "CELERY_WORKER_MAX_TASKS_PER_CHILD"),
        description="Messages after which a process drains and exits 0, to be started anew; 0 means never",
    )
    handler_timeout_seconds: PositiveInt = Field(
        3600,
        validation_alias=AliasChoices("HANDLER_TIMEOUT_SECONDS", "CELERY_TASK_TIME_LIMIT"),
        description="Seconds after which a handler is cancelled and its message given back",
    )
    outage_deadline_hours: PositiveInt = Field(
        24,
        description="Age in hours up to which a call that outlasted its deliveries for want of a server is"
        " parked and tried again; older ones fail",
    )
    drain_seconds: PositiveInt = Field(
        25, description="Seconds a stop waits for what is being worked on; then it is given back"
    )
    sqs_wait_seconds: Annotated[int, Field(ge=0, le=20)] = Field(
        20, description="Long poll in seconds; a stop waits for the one that is open"
    )
    port: PositiveInt = Field(8000, le=65535, description="Port of health, metrics and the API")


class AwsSettings(ServiceSettings):
    """Where AWS is. Credentials come from the usual chain (environment, profile, role)."""

    aws_region: str = Field(
        validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"),
        description="AWS region",
        examples=["us-east-1"],
    )
    aws_endpoint_url: str | None = Field(None, description="Endpoint of all AWS services, for stand-ins")
    aws_endpoint_url_sqs: str | None = Field(None, description="Endpoint of SQS alone")
    aws_endpoint_url_s3: str | None = Field(None, description="Endpoint of S3 alone")

    @property
    def sqs_endpoint(self) -> str | None:
        """The endpoint of SQS; None is AWS itself."""
        return self.aws_endpoint_url_sqs or self.aws_endpoint_url

    @property
    def s3_endpoint(self) -> str | None:
        """The endpoint of S3; None is AWS itself."""
        return self.aws_endpoint_url_s3 or self.aws_endpoint_url


class BucketSettings(AwsSettings):
    """The two buckets."""

    s3_bucket_audio: str = Field(description="Bucket of the recordings", examples=["callstream-audio"])
    s3_bucket_transcripts: str = Field(
        description="Bucket of the transcripts", examples=["callstream-transcripts"]
    )


class MongoSettings(ServiceSettings):
    """Where the documents are kept."""

    mongodb_uri: SecretStr = Field(
        description="MongoDB connection string", examples=["mongodb://127.0.0.1:27017/"]
    )
    mongodb_database: str = Field("callstream", description="MongoDB database")


class AuditSettings(MongoSettings):
    """How long it is on record who asked for what."""

    audit_days: PositiveInt = Field(
        400, description="Days for which it is on record who read, asked, changed or exported what"
    )


def _is_secure(text: str) -> str:
    url = urlsplit(text)
    if url.hostname and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname))):
        return text
    raise ValueError("has to be an https:// address; http:// is for loopback only")


class IssuerSettings(ServiceSettings):
    """Who issues access tokens."""

    oidc_issuer: Annotated[str, AfterValidator(_is_secure)] | None = Field(
        None,
        description="Issuer of access tokens, such as https://cognito-idp.eu-central-1.amazonaws.com/POOL",
    )


class PaidWorkSettings(MongoSettings):
    """How long paid answers are remembered."""

    paid_work_days: PositiveInt = Field(
        30, description="Days a paid answer is kept, so that no retry pays again"
    )


class LedgerSettings(PaidWorkSettings):
    """How long is known what each request to a provider cost."""

    ledger_days: PositiveInt = Field(400, description="Days a row of the ledger of provider calls is kept")


class BudgetSettings(LedgerSettings):
    """What may be spent."""

    budget_per_call_usd: PositiveFloat | None = Field(
        None, description="USD a call may cost in all its stages; a call that needs more fails"
    )
    budget_per_tenant_day_usd: PositiveFloat | None = Field(
        None, description="USD each tenant's calls may cost in a day (UTC)"
    )
    budget_per_day_usd: PositiveFloat | None = Field(
        None, description="USD all calls may cost in a day (UTC)"
    )
    budgets: dict[str, PositiveFloat] = Field(
        default_factory=dict,
        description='Tenants with a day\'s limit of their own, as JSON such as {"acme": 50}',
    )
    over_budget: Literal["fail", "park"] = Field(
        "fail",
        description="What becomes of a call when a day's budget is used up: fail, or park until the next day",
    )

    def limits(self, stage: float | None = None) -> Limits:
        """The settings as the budget reads them; *stage* limits one stage of a call, in USD."""
        return Limits(
            call=self.budget_per_call_usd,
            stage=stage,
            tenant_day=self.budget_per_tenant_day_usd,
            day=self.budget_per_day_usd,
            tenants=self.budgets,
            park=self.over_budget == "park",
        )


def require_price(limits: Limits, model: str, usd: float | None) -> None:
    """Say at start that a budget cannot hold what has no price.

    Raises:
        SettingsError: there is a budget, and the model's price (*usd* for anything) is not known.
    """
    if limits.any and usd is None:
        raise SettingsError(
            f"  BUDGET_…: the price of the model {model} is not known, so no budget can hold it;"
            " choose a model whose price is known, set its price, or set no budget"
        )


class RedisSettings(ServiceSettings):
    """Where rate limits and caches live; losing it loses nothing else."""

    redis_endpoint: SecretStr = Field(
        description="host:port, or a redis:// or rediss:// URL with user and password",
        examples=["127.0.0.1:6379"],
    )

    @property
    def redis_url(self) -> str:
        """The endpoint as a URL."""
        endpoint = self.redis_endpoint.get_secret_value()
        return endpoint if "://" in endpoint else f"redis://{endpoint}"


class LimiterSettings(RedisSettings):
    """Where what providers are asked is counted, and by how many."""

    provider_replicas: PositiveInt = Field(
        8,
        description="Processes that share a model's limits: each asks its part of 80 % while Redis is away",
    )


class OpenSearchSettings(ServiceSettings):
    """Where chunks are searched."""

    opensearch_url: SecretStr = Field(
        description="OpenSearch URL, with user and password where it asks for them",
        examples=["http://127.0.0.1:9200"],
    )
    opensearch_index: str = Field("callstream", description="What the names of our indexes start with")
    opensearch_auth: Literal["url", "aws"] = Field("url", description="url: from OPENSEARCH_URL; aws: SigV4")


class IngestQueueSettings(ServiceSettings):
    """The first queue."""

    sqs_ingest_queue_url: QueueUrl = Field(
        validation_alias=AliasChoices("SQS_INGEST_QUEUE_URL", "SQS_QUEUE_URL"),
        description="Queue of ingest",
        examples=["http://127.0.0.1:4566/000000000000/callstream-ingest"],
    )


class TranscribeQueueSettings(ServiceSettings):
    """The second queue."""

    sqs_transcribe_queue_url: QueueUrl = Field(
        description="Queue of the transcriber",
        examples=["http://127.0.0.1:4566/000000000000/callstream-transcribe"],
    )


class AnalyzeQueueSettings(ServiceSettings):
    """The third queue."""

    sqs_analyze_queue_url: QueueUrl = Field(
        description="Queue of the analyzer",
        examples=["http://127.0.0.1:4566/000000000000/callstream-analyze"],
    )


class EmbedQueueSettings(ServiceSettings):
    """The fourth queue."""

    sqs_embed_queue_url: QueueUrl = Field(
        description="Queue of the embedder", examples=["http://127.0.0.1:4566/000000000000/callstream-embed"]
    )


def queue_urls(settings: ServiceSettings) -> dict[str, str]:
    """Logical queue name → URL, for the queues this service was told of."""
    named = {
        name: getattr(settings, f"sqs_{name}_queue_url", None)
        for name in ("ingest", "transcribe", "analyze", "embed")
    }
    return {name: url for name, url in named.items() if url}


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
"""A list of texts, read from ``a,b`` or ``["a", "b"]``."""
