"""A transcript in other people's formats, read back by other people's readers."""

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from common.model import Transcript, Utterance, Word
from hypothesis import given
from hypothesis import strategies as st
from ingest.exports import COLUMNS, EXPORTS
from nouns import transcript

NASTY = "<b>a & b</b> --> {\\an8}c\r\n\r\n2\x00 «ß東京»"


def spoken(*utterances: dict[str, Any]) -> Transcript:
    usual = {"speaker": "agent", "channel": 0, "start_ms": 0, "end_ms": 1, "text": "yes"}
    said = tuple(
        Utterance.model_validate({"id": f"u{n}"} | usual | each) for n, each in enumerate(utterances, start=1)
    )
    return transcript().model_copy(update={"utterances": said})


def written(name: Any, document: Transcript) -> str:
    return "".join(EXPORTS[name].write(document))


def cues(name: str, document: Transcript, folder: Path) -> list[tuple[int, int, str]]:
    """What FFmpeg reads: start, length and text of each cue, in milliseconds."""
    path = folder / f"call.{name}"
    path.write_text(written(name, document), encoding="utf-8", newline="")
    with av.open(str(path)) as file:
        stream = file.streams.subtitles[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        assert stream.time_base
        scale = stream.time_base * 1000
        return [
            (int((p.pts or 0) * scale), int((p.duration or 0) * scale), bytes(p).decode()) for p in packets
        ]


def texts() -> st.SearchStrategy[str]:
    """Any text that UTF-8 can hold, markup more often than chance has it."""
    pieces = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    markup = st.sampled_from(["-->", "<i>", "</v>", "&amp;", "\n\n", "\r", "=1+1", "{", "1"])
    return st.lists(st.one_of(pieces, markup), max_size=6).map("".join)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Utterances in order, some of them at once or without length."""
    starts = sorted(draw(st.lists(st.integers(0, 36_000_000), max_size=6)))
    return spoken(
        *(
            {"text": draw(texts()), "start_ms": start, "end_ms": start + draw(st.integers(0, 90_000))}
            for start in starts
        )
    )


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_subtitles_have_exact_times(name: str, tmp_path: Path) -> None:
    """To the millisecond, past ten hours, at once, and a cue without length is given one millisecond."""
    document = spoken(
        {"start_ms": 0, "end_ms": 5001},
        {"start_ms": 4999, "end_ms": 4999},
        {"start_ms": 36_061_007, "end_ms": 36_062_123},
    )
    found = [(start, length) for start, length, _ in cues(name, document, tmp_path)]

    assert [(0, 5001), (4999, 1), (36_061_007, 1116)] == found


def test_webvtt_escapes_what_would_be_markup(tmp_path: Path) -> None:
    """As the specification asks; the speaker is the voice, and a line break cannot end the cue."""
    document = spoken({"text": NASTY, "speaker": "Ann <b> & co"})

    assert "u1\n00:00:00.000 --> 00:00:00.001\n<v Ann &lt;b&gt; &amp; co>" in written("vtt", document)
    ((_, _, text),) = cues("vtt", document, tmp_path)
    assert text.endswith("&lt;b&gt;a &amp; b&lt;/b&gt; --&gt; {\\an8}c 2 «ß東京»</v>")


def test_subrip_writes_look_alikes_for_what_would_be_markup(tmp_path: Path) -> None:
    """It has no escapes, and players read tags and braces."""
    document = spoken({"text": NASTY, "speaker": "customer"})
    ((_, _, text),) = cues("srt", document, tmp_path)

    assert "customer: ‹b›a & b‹/b› → ❴⧵an8❵c 2 «ß東京»" == text


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_what_has_no_words_has_no_cue(name: str, tmp_path: Path) -> None:
    """Neither format has a place for an empty one."""
    document = spoken({"text": " \n"}, {"text": "yes"})

    assert 1 == len(cues(name, document, tmp_path))


@pytest.mark.parametrize("name", ["srt", "vtt"])
@given(document=transcripts())
def test_every_cue_is_one_whatever_is_said(name: str, document: Transcript) -> None:
    """A block per utterance with words: one line of times, one of text, in order of their start."""
    text = written(name, document).replace("\r\n", "\n").removeprefix("WEBVTT\n\n")
    blocks = [block.split("\n") for block in text.split("\n\n") if block]

    audible = [said for said in document.utterances if re.sub(r"[\x00-\x20\x7f-\x9f]", "", said.text).strip()]
    assert len(audible) == len(blocks)
    assert all(3 == len(block) for block in blocks)
    assert all(1 == "".join(block).count("-->") for block in blocks)
    assert all(before[1][:12] <= after[1][:12] for before, after in pairwise(blocks))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """An apostrophe goes before it, in texts and in names."""
    ((_, row),) = [list(csv.reader(io.StringIO(written("csv", spoken({"text": text, "speaker": text})))))]

    assert (True, True) == (row[5].startswith("'"), row[1].startswith("'"))


@given(document=transcripts())
def test_a_table_has_a_row_an_utterance(document: Transcript) -> None:
    """RFC 4180: a header, then ids and times as they are, whatever is said."""
    header, *rows = csv.reader(io.StringIO(written("csv", document), newline=""))

    assert list(COLUMNS) == header
    assert [(u.id, str(u.start_ms), str(u.end_ms)) for u in document.utterances] == [
        (row[0], row[3], row[4]) for row in rows
    ]


@given(document=transcripts())
def test_json_is_all_that_is_kept(document: Transcript) -> None:
    """Read again it is the same transcript."""
    assert document == Transcript.model_validate_json(written("json", document))


def test_json_holds_words_and_their_times() -> None:
    """Where the engine told them."""
    word = Word(text="yes", start_ms=0, end_ms=1, confidence=0.5)
    found = json.loads(written("json", spoken({"words": (word,)})))

    assert [word.model_dump()] == found["utterances"][0]["words"]


def test_text_is_for_reading() -> None:
    """A line an utterance: when, who, what."""
    document = spoken({"start_ms": 3_723_999, "end_ms": 3_724_000, "text": "one\ntwo"})

    assert "[01:02:03] agent: one two\n" == written("txt", document)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_silent_call_can_be_had_too(name: str) -> None:
    """A file without utterances."""
    assert written(name, spoken()) is not None
    assert "agent" not in written(name, spoken())
