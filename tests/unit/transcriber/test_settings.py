"""What an operator may choose."""

import pytest
from common.settings import SettingsError
from transcriber.settings import Settings

NEEDED = {
    "AWS_REGION": "eu-central-1",
    "S3_BUCKET_AUDIO": "recordings",
    "S3_BUCKET_TRANSCRIPTS": "transcripts",
    "MONGODB_URI": "mongodb://127.0.0.1/",
    "REDIS_ENDPOINT": "127.0.0.1:6379",
    "SQS_TRANSCRIBE_QUEUE_URL": "http://127.0.0.1/transcribe",
    "SQS_ANALYZE_QUEUE_URL": "http://127.0.0.1/analyze",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("text", ["seller, buyer", '["seller", "buyer"]'])
def test_channel_roles_are_a_list(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Separated by commas, or as JSON."""
    monkeypatch.setenv("CHANNEL_ROLES", text)

    assert ("seller", "buyer") == Settings.read().channel_roles


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHANNEL_ROLES", "agent,"),
        ("CHANNEL_ROLES", "agent,agent"),
        ("TRANSCRIPTION_LANGUAGE", "English"),
        ("VOICE_ACTIVITY", "magic"),
        ("DUAL_MONO_CORRELATION", "1.5"),
        ("CUT_MAX_SECONDS", "1"),
        ("MAX_CALL_HOURS", "0"),
    ],
)
def test_a_bad_choice_stops_the_service_and_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """At start, not at the first call."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name):
        Settings.read()


def test_every_choice_of_ours_is_described() -> None:
    """The description goes to .env.example."""
    assert [] == [name for name, field in Settings.model_fields.items() if not field.description]
