"""The waveform of a call over HTTP."""

from common.model import CallKey, ChannelPeaks, Peaks
from common.pipeline import TRANSCRIBE
from door_scene import KEY, Door, complete, problem
from ingest_scene import NOW
from nouns import reopen
from pydantic.types import Base64UrlEncoder


def drawn(key: CallKey, *values: int) -> Peaks:
    row = ChannelPeaks(channel=0, speaker="agent", peaks=Base64UrlEncoder.encode(bytes(values)))
    return Peaks(**dict(key), duration_ms=1000, peaks_per_second=64, channels=(row,))


async def test_peaks_are_told_as_numbers(door: Door) -> None:
    """From 0 to 255, by channel, with who speaks there."""
    await complete(door.outside)
    await door.outside.peaks.keep(drawn(KEY, 0, 17, 255))
    answer = await door.get("/calls/c-1/peaks")

    assert {
        "call_id": "c-1",
        "revision": 1,
        "duration_ms": 1000,
        "peaks_per_second": 64.0,
        "channels": [{"channel": 0, "speaker": "agent", "peaks": [0, 17, 255]}],
    } == answer.json()
    assert "private" in answer.headers["cache-control"]


async def test_what_a_client_has_is_not_sent_again(door: Door) -> None:
    """304 to whoever names the ETag."""
    await complete(door.outside)
    await door.outside.peaks.keep(drawn(KEY, 1))
    first = await door.get("/calls/c-1/peaks")
    second = await door.get("/calls/c-1/peaks", **{"If-None-Match": first.headers["etag"]})

    assert (304, b"") == (second.status_code, second.content)


async def test_a_redo_of_a_later_stage_shows_the_same_waveform(door: Door) -> None:
    """The newest at or before the revision; each revision's own where there is one."""
    await complete(door.outside)
    await door.outside.peaks.keep(drawn(KEY, 1))
    again = (await reopen(door.outside.journal, KEY, TRANSCRIBE, 1, NOW)).key
    before = (await door.get("/calls/c-1/peaks")).json()
    await door.outside.peaks.keep(drawn(again, 2))
    after = (await door.get("/calls/c-1/peaks")).json()
    older = (await door.get("/calls/c-1/peaks?revision=1")).json()

    assert [(1, [1]), (2, [2]), (1, [1])] == [
        (each["revision"], each["channels"][0]["peaks"]) for each in (before, after, older)
    ]


async def test_a_call_without_a_waveform_says_why(door: Door) -> None:
    """Not yet, or never: an older call and an imported transcript have none."""
    await door.outside.journal.begin(KEY.model_copy(update={"call_id": "c-2"}), TRANSCRIBE, NOW)
    await complete(door.outside)
    early, older = problem(await door.get("/calls/c-2/peaks")), problem(await door.get("/calls/c-1/peaks"))

    assert (404, 404) == (early[0], older[0])
    assert ("yet" in early[1], "redo from transcribe" in older[1]) == (True, True)
    assert 404 == problem(await door.get("/calls/c-404/peaks"))[0]
