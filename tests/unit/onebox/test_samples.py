"""The bundled calls are what their scripts say."""

from importlib import resources
from itertools import pairwise
from typing import Any

import av


def test_turns_follow_one_another_with_natural_pauses(script: dict[str, Any]) -> None:
    """Nobody talks over anybody, and pauses are from 0.4 to 1.2 seconds."""
    pauses = [later["start_ms"] - sooner["end_ms"] for sooner, later in pairwise(script["turns"])]

    assert [] == [pause for pause in pauses if not 400 <= pause <= 1200]


def test_phrases_are_placed_in_their_speakers_turns(script: dict[str, Any]) -> None:
    """A known phrase lies, in words and in time, in a turn of its speaker."""
    homeless = [
        phrase
        for phrase in script["phrases"]
        if not any(
            phrase["speaker"] == turn["speaker"]
            and phrase["text"] in turn["text"]
            and turn["start_ms"] <= phrase["start_ms"] < turn["end_ms"]
            for turn in script["turns"]
        )
    ]

    assert [] == homeless
    assert 4 <= len(script["phrases"])


def test_the_recording_is_stereo_and_as_long_as_its_script(script: dict[str, Any]) -> None:
    """The audio beside a script is that script's."""
    recording = resources.files("onebox.samples").joinpath(script["audio"])
    with resources.as_file(recording) as path, av.open(str(path)) as container:
        stream = container.streams.audio[0]
        seconds = sum(frame.samples for frame in container.decode(stream)) / stream.rate

    assert 2 == stream.channels
    assert abs(seconds - script["duration_ms"] / 1000) < 0.1
