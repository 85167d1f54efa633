"""The models an operator chose, and whether what is wanted of them can be had: asked once, at start."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from common.models.speech import SPEECH, Granularity, ResponseFormat, SpeechModel, known_speech_model
from common.provider_settings import Provider
from common.settings import SettingsError

from transcriber.request import Request
from transcriber.settings import Settings

_PROMPT, _KEYWORDS = 224, 4_000  # bytes of vocabulary for a model that nobody described


def recognising(settings: Settings, provider: Provider, today: date) -> Request:
    """What the model that recognises speech will be asked.

    Raises:
        SettingsError: naming everything that was wanted of it in vain.
    """
    name, row = settings.transcription_model, _row(settings)
    _require(
        *_dead("TRANSCRIPTION_MODEL", name, row, provider, today),
        *_foreign(settings, name, row),
        *_too_long(settings, name, row),
        *_unanswered(settings, name, row),
        *_untaken(settings, name, row),
    )
    form = _format(settings, row)
    times = _granularities(settings, row) if form == "verbose_json" else ()
    return Request(name, row, form, times, settings.transcription_language)


def diarizing(settings: Settings, provider: Provider, today: date) -> Request | None:
    """What the model that tells speakers apart will be asked, if there is to be one.

    Raises:
        SettingsError: it cannot, or is gone.
    """
    name = settings.diarization_model
    if name is None:
        return None
    row = known_speech_model(name)
    if row is None or not row.diarizes:
        able = ", ".join(known for known, each in SPEECH.items() if each.diarizes)
        raise _refused(f"DIARIZATION_MODEL: {name} is not known to tell speakers apart; known is {able}")
    _require(*_dead("DIARIZATION_MODEL", name, row, provider, today), *_foreign(settings, name, row))
    return Request(name, row, "diarized_json", (), settings.transcription_language)


def _row(settings: Settings) -> SpeechModel:
    row = known_speech_model(settings.transcription_model) or _described(settings)
    price, longest = settings.transcription_usd_per_minute, settings.transcription_max_seconds
    return replace(
        row,
        usd_per_minute=row.usd_per_minute if price is None else price,
        max_seconds=min(filter(None, (row.max_seconds, longest)), default=None),
    )


def _described(settings: Settings) -> SpeechModel:
    """A model of the operator's own, which only their settings know."""
    times: tuple[Granularity, ...] = ("segment", "word")
    form = settings.transcription_response_format or "json"
    field = settings.transcription_vocabulary_field
    return SpeechModel(
        usd_per_minute=None,
        encodings=("wav", "flac"),
        response_formats=(form,),
        granularities=times if form == "verbose_json" else (),
        vocabulary=field,
        vocabulary_bytes=_KEYWORDS if field == "keywords" else _PROMPT,
    )


def _format(settings: Settings, row: SpeechModel) -> ResponseFormat:
    """As the operator says; times of words need the long form; a recogniser need not tell speakers apart."""
    if settings.transcription_response_format:
        return settings.transcription_response_format
    if settings.transcription_words:
        return "verbose_json"
    return next(form for form in row.response_formats if form != "diarized_json")


def _granularities(settings: Settings, row: SpeechModel) -> tuple[Granularity, ...]:
    """Words cost a server of one's own time that the provider's does not charge: there they are asked for."""
    known = known_speech_model(settings.transcription_model) is not None
    wanted = known if settings.transcription_words is None else settings.transcription_words
    return tuple(each for each in row.granularities if wanted or each != "word")


def _require(*faults: str) -> None:
    if faults:
        raise _refused(*faults)


def _refused(*faults: str) -> SettingsError:
    lines = "\n".join(f"  {fault}" for fault in faults)
    return SettingsError(f"{len(faults)} setting(s) to mend (see .env.example):\n{lines}")


def _dead(variable: str, name: str, row: SpeechModel, provider: Provider, today: date) -> Iterator[str]:
    """A model that was shut down lives on where somebody else serves it under its name."""
    host = urlsplit(provider.base_url or "https://api.openai.com").hostname or ""
    if row.shutdown and row.shutdown <= today and host.endswith("openai.com"):
        instead = next(iter(SPEECH))
        yield f"{variable}: {name} was shut down on {row.shutdown}; choose another, such as {instead}"


def _foreign(settings: Settings, name: str, row: SpeechModel) -> Iterator[str]:
    language = settings.transcription_language
    if language and row.languages is not None and language not in row.languages:
        taken = " ".join(sorted(row.languages))
        yield f"TRANSCRIPTION_LANGUAGE: {name} takes no {language}; leave it out, or choose of {taken}"


def _too_long(settings: Settings, name: str, row: SpeechModel) -> Iterator[str]:
    longest = settings.cut_max_seconds
    if longest > row.longest:
        yield f"CUT_MAX_SECONDS: {name} takes {row.longest:.0f} s in one request, {longest:g} are more"


def _unanswered(settings: Settings, name: str, row: SpeechModel) -> Iterator[str]:
    form = settings.transcription_response_format
    if form and form not in row.response_formats:
        yield f"TRANSCRIPTION_RESPONSE_FORMAT: {name} does not answer {form}; leave it out"
    elif settings.transcription_words and ("word" not in row.granularities or form == "json"):
        how = "ask for none, or, if your server tells them, set TRANSCRIPTION_RESPONSE_FORMAT=verbose_json"
        yield f"TRANSCRIPTION_WORDS: {name} tells no times of words; {how}"


def _untaken(settings: Settings, name: str, row: SpeechModel) -> Iterator[str]:
    if settings.transcription_vocabulary_field not in {None, row.vocabulary}:
        takes = f"takes it in {row.vocabulary}" if row.vocabulary else "takes no vocabulary"
        yield f"TRANSCRIPTION_VOCABULARY_FIELD: {name} {takes}; leave it out"
    if settings.vocabulary and row.vocabulary is None:
        how = "leave it out, or say in TRANSCRIPTION_VOCABULARY_FIELD where your server takes it"
        yield f"VOCABULARY: {name} takes none; {how}"
