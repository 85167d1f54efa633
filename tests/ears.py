"""The transcriber as an operator sets it up, on a test's servers and a provider that listens back."""

from typing import Any

from contract.harness import settings as none_of_which_leads_anywhere
from servers import Servers
from tone_speech import ToneSpeech
from transcriber.settings import Settings


def told(server: Servers, name: str, provider: ToneSpeech, **chosen: Any) -> Settings:
    """Settings for a database called *name*; tones count as speech."""
    nowhere: dict[str, Any] = dict(none_of_which_leads_anywhere())
    places = {
        "mongodb_uri": server("mongo"),
        "mongodb_database": name,
        "redis_endpoint": server("redis").removeprefix("redis://"),
        "aws_endpoint_url_s3": server("s3"),
        **{variable.lower(): value for variable, value in provider.variables.items()},
    }
    hearing = {"voice_activity": "energy", "cut_concurrency": 8}
    return Settings.model_validate(nowhere | places | hearing | chosen)
