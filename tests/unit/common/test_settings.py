"""An operator's choices, read once; what is wrong is named without its value."""

import json

import pytest
from common.limits import Limits
from common.provider_settings import Provider, TranscriptionSettings
from common.settings import (
    MOST_TENANT_CLASSES,
    AwsSettings,
    BudgetSettings,
    MetricsSettings,
    MongoSettings,
    RedisSettings,
    ServiceSettings,
    SettingsError,
    TranscribeQueueSettings,
    WorkerSettings,
    queue_urls,
    require_price,
    variables,
)
from common.vectors.settings import EmbeddingSettings


class Needy(MongoSettings, AwsSettings, TranscribeQueueSettings):
    """Three things are needed."""


class Everyday(WorkerSettings, MetricsSettings):
    """Nothing is needed."""


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which nothing is missing."""
    monkeypatch.setenv("MONGODB_URI", "mongodb://user:hunter2@db/")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("SQS_TRANSCRIBE_QUEUE_URL", "http://sqs/transcribe")
    return monkeypatch


def test_all_that_is_missing_is_named_at_once() -> None:
    """One start is enough to learn what to set."""
    with pytest.raises(SettingsError) as error:
        Needy.read()

    example = "http://127.0.0.1:4566/000000000000/callstream-transcribe"
    assert str(error.value).splitlines() == [
        "3 setting(s) to mend (see .env.example):",
        "  AWS_REGION: is not set (AWS region, such as us-east-1)",
        "  MONGODB_URI: is not set (MongoDB connection string, such as mongodb://127.0.0.1:27017/)",
        f"  SQS_TRANSCRIBE_QUEUE_URL: is not set (Queue of the transcriber, such as {example})",
    ]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WORKER_CONCURRENCY", "two", "has to be a whole number (default: 2)"),
        ("CELERY_WORKER_CONCURRENCY", "0", "has to be greater than 0 (default: 2)"),
        ("LOG_LEVEL", "CHATTY", "has to be 'DEBUG', 'INFO', 'WARNING' or 'ERROR' (default: INFO)"),
        ("DEBUG", "perhaps", "has to be true or false (default: False)"),
        ("PORT", "65536", "has to be less than or equal to 65535 (default: 8000)"),
        ("TENANT_CLASSES", "gold", "has to be a JSON object (default: {})"),
        ("TENANT_CLASSES", "{s3cret", "has to be a JSON object (default: {})"),
        (
            "TENANT_CLASSES",
            json.dumps({f"t{n}": f"class-{n}" for n in range(MOST_TENANT_CLASSES)}),
            "at most 10 classes, standard included",
        ),
    ],
)
def test_a_fault_is_told_in_words_of_ours(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """Which setting, what is wrong and what would be right: no validator's phrase, and no value."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as error:
        Everyday.read()

    ours = name.removeprefix("CELERY_")
    assert ["1 setting(s) to mend (see .env.example):", f"  {ours}: {told}"] == str(error.value).splitlines()


def test_what_is_no_json_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one line among those of all that is wrong."""
    monkeypatch.setenv("TENANT_CLASSES", "{")
    monkeypatch.setenv("PORT", "none")

    with pytest.raises(SettingsError) as error:
        Everyday.read()

    lines = str(error.value).splitlines()[1:]
    assert ["PORT", "TENANT_CLASSES"] == [line.split(":")[0].strip() for line in lines]


@pytest.mark.parametrize("name", ["MONGODB_URI", "AWS_REGION", "SQS_TRANSCRIBE_QUEUE_URL"])
def test_empty_is_missing(complete: pytest.MonkeyPatch, name: str) -> None:
    """``NAME=`` in a file sets nothing."""
    complete.setenv(name, "")

    with pytest.raises(SettingsError, match=name):
        Needy.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_CONCURRENCY", "s3cret"),
        ("WORKER_CONCURRENCY", "0"),
        ("SQS_WAIT_SECONDS", "21"),
        ("LOG_LEVEL", "CHATTY"),
        ("DEBUG", "s3cret"),
    ],
)
def test_a_bad_value_is_named_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The value may have landed in the wrong variable, and be a secret."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=f"  {name}: ") as error:
        WorkerSettings.read()

    assert "s3cret" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("WORKER_CONCURRENCY", "worker_concurrency"),
        ("CELERY_WORKER_CONCURRENCY", "worker_concurrency"),
        ("CELERY_WORKER_MAX_TASKS_PER_CHILD", "max_messages_per_process"),
        ("CELERY_TASK_TIME_LIMIT", "handler_timeout_seconds"),
    ],
)
def test_names_of_the_predecessor_still_work(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str
) -> None:
    """Whoever comes from Celery keeps their variables."""
    monkeypatch.setenv(variable, "17")

    assert 17 == getattr(WorkerSettings.read(), field)


def test_our_own_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main variable is the first of its names."""
    monkeypatch.setenv("CELERY_WORKER_CONCURRENCY", "3")
    monkeypatch.setenv("WORKER_CONCURRENCY", "4")

    assert 4 == WorkerSettings.read().worker_concurrency
    assert ["AWS_REGION", "AWS_DEFAULT_REGION"] == variables(
        "aws_region", AwsSettings.model_fields["aws_region"]
    )


@pytest.mark.usefixtures("complete")
def test_a_secret_is_not_shown() -> None:
    """Settings may be printed."""
    assert "hunter2" not in repr(Needy.read())


def test_one_endpoint_serves_all_unless_one_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The particular wins over the common, and none is AWS itself."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert (None, None) == (AwsSettings.read().sqs_endpoint, AwsSettings.read().s3_endpoint)

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3")
    assert ("http://all", "http://s3") == (AwsSettings.read().sqs_endpoint, AwsSettings.read().s3_endpoint)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("cache:6379", "redis://cache:6379"),
        ("redis://cache:6379/2", "redis://cache:6379/2"),
        ("rediss://:pw@cache:6380/0", "rediss://:pw@cache:6380/0"),
    ],
)
def test_a_redis_endpoint_becomes_a_url(monkeypatch: pytest.MonkeyPatch, endpoint: str, url: str) -> None:
    """host:port is enough, and a URL stays what it is."""
    monkeypatch.setenv("REDIS_ENDPOINT", endpoint)

    assert url == RedisSettings.read().redis_url


@pytest.mark.parametrize(
    ("environment", "base_url", "key"),
    [
        ({"OPENAI_API_KEY": "k"}, None, "k"),
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://all/v1"}, "http://all/v1", "k"),
        ({"TRANSCRIPTION_API_KEY": "t"}, None, "t"),
        ({"OPENAI_API_KEY": "k", "TRANSCRIPTION_BASE_URL": "http://own/v1"}, "http://own/v1", "k"),
        (
            {
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": "http://all/v1",
                "TRANSCRIPTION_API_KEY": "t",
                "TRANSCRIPTION_BASE_URL": "http://own/v1",
            },
            "http://own/v1",
            "t",
        ),
    ],
    ids=["OpenAI", "one for all", "its own key", "its own address", "both its own"],
)
def test_a_purpose_has_its_own_provider_or_the_common_one(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], base_url: str | None, key: str
) -> None:
    """Address and key are chosen each for itself."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    provider = Provider(TranscriptionSettings.read(), "transcription")

    assert (base_url, key) == (provider.base_url, provider.api_key)


def test_a_provider_without_any_key_is_refused() -> None:
    """The remedy names both variables."""
    with pytest.raises(SettingsError, match="OPENAI_API_KEY or EMBEDDING_API_KEY"):
        Provider(EmbeddingSettings.read(), "embedding")


@pytest.mark.usefixtures("complete")
def test_only_queues_that_are_known_have_an_address() -> None:
    """A service knows its own queues and no others."""
    assert {"transcribe": "http://sqs/transcribe"} == queue_urls(Needy.read())
    assert {} == queue_urls(ServiceSettings.read())


def test_classes_of_tenants_are_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map from tenant to class."""
    monkeypatch.setenv("TENANT_CLASSES", '{"acme": "gold", "globex": "trial"}')

    assert {"acme": "gold", "globex": "trial"} == MetricsSettings.read().tenant_classes


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({f"t{n}": f"class-{n}" for n in range(MOST_TENANT_CLASSES)}),
        '{"acme": "Gold Plated"}',
        '{"acme": ""}',
    ],
    ids=["too many", "no label", "empty"],
)
def test_classes_that_would_swell_the_metrics_are_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Ten at most, the standard one included, in small letters."""
    monkeypatch.setenv("TENANT_CLASSES", value)

    with pytest.raises(SettingsError, match="TENANT_CLASSES"):
        MetricsSettings.read()


def test_a_budget_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day's, a tenant's own, and what becomes of who finds it used up."""
    monkeypatch.setenv("MONGODB_URI", "mongodb://db/")
    monkeypatch.setenv("BUDGET_PER_DAY_USD", "100")
    monkeypatch.setenv("BUDGETS", '{"acme": 50}')
    monkeypatch.setenv("OVER_BUDGET", "park")

    limits = BudgetSettings.read().limits(0.15)

    assert limits == Limits(stage=0.15, day=100.0, tenants={"acme": 50.0}, park=True)


@pytest.mark.parametrize(("name", "value"), [("BUDGET_PER_CALL_USD", "0"), ("BUDGETS", '{"acme": -1}')])
def test_a_budget_of_nothing_is_refused(complete: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Who wants nothing done does not start the service."""
    complete.setenv(name, value)

    with pytest.raises(SettingsError, match=name):
        BudgetSettings.read()


def test_what_has_no_price_fits_no_budget() -> None:
    """Said at start, with what helps; without a budget nobody needs the price."""
    require_price(Limits(), "own-model", None)
    require_price(Limits(day=1.0), "gpt-transcribe", 0.0045)

    with pytest.raises(SettingsError, match=r"own-model is not known.*set its price"):
        require_price(Limits(day=1.0), "own-model", None)
