"""What an operator may choose, and is told when the choice is bad."""

import pytest
from common.addresses import is_loopback
from common.settings import SettingsError
from ingest.recording import Location
from ingest.settings import DoorSettings, Settings

LEAST = {
    "AWS_REGION": "eu-central-1",
    "S3_BUCKET_AUDIO": "audio",
    "S3_BUCKET_TRANSCRIPTS": "texts",
    "MONGODB_URI": "mongodb://127.0.0.1/",
    "SQS_INGEST_QUEUE_URL": "http://127.0.0.1/ingest",
    "SQS_TRANSCRIBE_QUEUE_URL": "http://127.0.0.1/transcribe",
    "SQS_ANALYZE_QUEUE_URL": "http://127.0.0.1/analyze",
    "SQS_EMBED_QUEUE_URL": "http://127.0.0.1/embed",
    "REDIS_ENDPOINT": "127.0.0.1:6379",
    "OPENSEARCH_URL": "http://127.0.0.1:9200",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LEAST.items():
        monkeypatch.setenv(name, value)
    for name in (
        "HOST",
        "AUTH",
        "CORS_ORIGINS",
        "RATE_LIMIT_USERS",
        "ALLOWED_LOCATIONS",
        "PORT",
        "API_V1_PREFIX",
    ):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_are_ours() -> None:
    """With the least said, the door is on loopback, under /api/v1, for one gibibyte."""
    door = DoorSettings.read()

    assert ("127.0.0.1", 8000, "/api/v1") == (door.host, door.port, door.api_v1_prefix)
    assert ((), 1024**3) == (door.cors_origins, door.max_upload_bytes)
    assert (Location("audio"),) == door.rules.allowed


@pytest.mark.parametrize(
    "text", ["audio,vendor/calls/", '["audio", "vendor/calls/"]', " audio , vendor/calls/ "]
)
def test_places_are_a_list(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Commas or JSON: the same places."""
    monkeypatch.setenv("ALLOWED_LOCATIONS", text)

    assert (Location("audio"), Location("vendor", "calls/")) == Settings.read().rules.allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TENANT_KEY_PATTERN", "^[^/]+/"),
        ("TENANT_KEY_PATTERN", "^(?P<a>x)(?P<b>y)"),
        ("TENANT_KEY_PATTERN", "(?P<tenant>"),
        ("FILENAME_PATTERN", "no group"),
        ("RATE_LIMIT_USERS", "often"),
        ("API_V1_PREFIX", "api/"),
        ("DEFAULT_TENANT", "a b"),
        ("ALLOWED_LOCATIONS", '["audio"'),
        ("AUTH", "maybe"),
    ],
)
def test_a_bad_choice_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The variable is named at once, not at the first request."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        DoorSettings.read()

    assert name in str(caught.value)


def test_another_address_needs_auth_none_in_so_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody opens the door to a network by accident."""
    monkeypatch.setenv("HOST", "0.0.0.0")  # noqa: S104 - the address this test is about
    with pytest.raises(SettingsError) as caught:
        DoorSettings.read()
    monkeypatch.setenv("AUTH", "none")

    assert "AUTH=none" in str(caught.value)
    assert "none" == DoorSettings.read().auth


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("a.b", False),
    ],
)
def test_loopback_is_known(host: str, *, loopback: bool) -> None:
    """Only this machine's own addresses count."""
    assert loopback is is_loopback(host)


OIDC = {"AUTH": "oidc", "OIDC_ISSUER": "https://issuer.test/pool", "OIDC_CLIENT_ID": "page"}


def test_who_may_ask_is_told_once_and_read_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways, one, or none."""
    ways = []
    for auth in ("oidc,keys", "keys,oidc", "keys", "none"):
        for name, value in (OIDC | {"AUTH": auth}).items():
            monkeypatch.setenv(name, value)
        ways.append(DoorSettings.read().ways)

    assert [("oidc", "keys"), ("oidc", "keys"), ("keys",), ()] == ways


@pytest.mark.parametrize(
    "changed",
    [
        {"OIDC_ISSUER": ""},
        {"OIDC_CLIENT_ID": ""},
        {"OIDC_ISSUER": "http://issuer.test/pool"},
        {"OIDC_ISSUER": "issuer.test"},
        {"PUBLIC_URL": "https://calls.test/page"},
        {"PUBLIC_URL": "calls.test"},
        {"AUTH": "oidc,none"},
    ],
)
def test_a_login_that_could_not_work_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]
) -> None:
    """An issuer is told, by name and with TLS; the text names the variable."""
    for name, value in (OIDC | changed).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        DoorSettings.read()

    assert next(iter(changed)) in str(caught.value)


def test_an_issuer_on_loopback_needs_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in beside us."""
    for name, value in (OIDC | {"OIDC_ISSUER": "http://127.0.0.1:9000/pool"}).items():
        monkeypatch.setenv(name, value)

    assert "http://127.0.0.1:9000/pool" == DoorSettings.read().oidc_issuer
