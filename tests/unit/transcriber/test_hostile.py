"""Files made to harm: each ends with its reason, soon, and in bounded memory."""

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import av
import numpy as np
import pytest
from common.errors import Permanent
from numpy.typing import NDArray
from transcriber import audio
from transcriber.threads import Stop
from transcriber.tracks import Allowance

Record = Callable[..., Path]
Make = Callable[..., NDArray[np.int16]]
Ending = Callable[..., dict[str, Any]]
Refused = Callable[[Path], str]

# Listens as the service does, under hard limits of address space (threads reserve much) and time.
LISTEN = """
import json, resource, sys, time
from pathlib import Path
from common.errors import Permanent
from transcriber.activity import Energy
from transcriber.cuts import Rules
from transcriber.listening import Limits, Listener
from transcriber.threads import Stop
source, folder, seconds, size = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
loaded = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (loaded + 1500 * 2**20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
try:
    Listener(Energy(), Limits(seconds, 0.95, size), Rules()).listen(source, folder, Stop())
    outcome = "listened"
except Permanent as refusal:
    outcome = refusal.reason
written = sum(path.stat().st_size for path in folder.iterdir())
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"outcome": outcome, "written": written, "peak_mib": peak}))
"""


@pytest.fixture
def ending(tmp_path: Path) -> Ending:
    folder = tmp_path / "decoded"
    folder.mkdir()

    def listen(path: Path, seconds: float = 3600.0, size: int = 2**30) -> dict[str, Any]:
        command = [sys.executable, "-c", LISTEN, str(path), str(folder), str(seconds), str(size)]
        done = subprocess.run(  # noqa: S603 - our own interpreter, on the text above
            command, check=True, capture_output=True, text=True, timeout=60
        )
        ended: dict[str, Any] = json.loads(done.stdout)
        return ended

    return listen


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Why our own process refuses a file: quicker than another."""
    folder = tmp_path / "decoded"
    folder.mkdir()

    def reason(path: Path) -> str:
        with pytest.raises(Permanent) as refusal:
            audio.decode(path, folder, Allowance(3600.0, 2**30), Stop())
        return refusal.value.reason

    return reason


def wav(path: Path, *, rate: int, channels: int, size: int = 100_000) -> Path:
    block = channels * 2 & 0xFFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * 2 & 0xFFFFFFFF, block, 16)
    riff = struct.pack("<4sI4s", b"RIFF", size + 36, b"WAVE")
    path.write_bytes(riff + form + struct.pack("<4sI", b"data", size))
    with path.open("r+b") as file:
        file.truncate(44 + size)
    return path


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (1_073_741_823, 1), (8_000, 64), (8_000, 65_535)])
def test_impossible_claims_are_refused_before_anything_is_made_of_them(
    tmp_path: Path, ending: Ending, rate: int, channels: int
) -> None:
    """A second at 1 Hz would be four hours at 16 kHz; a second at 1 GHz all memory."""
    ended = ending(wav(tmp_path / "recording", rate=rate, channels=channels))

    assert ("unsupported_audio", 0) == (ended["outcome"], ended["written"])
    assert ended["peak_mib"] < 700


def test_a_sparse_file_of_hours_ends_where_a_call_does(tmp_path: Path, ending: Ending) -> None:
    """400 MB of zeros, 3.5 hours: over after the one hour that is allowed, having kept no more."""
    ended = ending(wav(tmp_path / "recording", rate=16_000, channels=1, size=400_000_000))

    assert "too_long" == ended["outcome"]
    assert ended["written"] <= 3600 * 32_000
    assert ended["peak_mib"] < 700


def test_silence_packed_tightly_ends_where_a_call_does(
    record: Record, make_silence: Make, ending: Ending
) -> None:
    """Minutes in a few kilobytes: what is counted is what comes out."""
    path = record(make_silence(300, 8_000), codec="flac", container="flac", rate=8_000)

    assert path.stat().st_size < 100_000
    assert "too_long" == ending(path, seconds=299.0)["outcome"]


@pytest.mark.parametrize(
    ("channels", "rate", "size"),
    [(1, 384_000, 8_000_000), (32, 8_000, 8_000_000)],
)
def test_bytes_are_counted_too(tmp_path: Path, ending: Ending, channels: int, rate: int, size: int) -> None:
    """High rates cost time, many channels disk; an eighth of what may be decoded may be written."""
    path = wav(tmp_path / "recording", rate=rate, channels=channels, size=0)
    path.write_bytes(path.read_bytes()[:40] + struct.pack("<I", 16_000_000) + b"noise" * 3_200_000)

    ended = ending(path, size=size)

    assert "too_large" == ended["outcome"]
    assert ended["written"] <= size // 8 + 500_000
    assert ended["peak_mib"] < 700


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "unreadable_audio"),
        (b"R", "unreadable_audio"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nHello.\n", "unreadable_audio"),
        (b"[Reference]\nRef1=http://127.0.0.1:9/a.mp3\n", "unreadable_audio"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable_audio"),
        (b"%PDF-1.7\n" + bytes(10_000), "unreadable_audio"),
        (b"fLaC" + bytes(range(256)) * 40, "unreadable_audio"),
        (b"OggS" + bytes(10_000), "unreadable_audio"),
        (
            b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\xff\xff\x01\x00" + bytes(1_000),
            "unreadable_audio",
        ),
    ],
)
def test_what_is_no_sound_is_unreadable(
    tmp_path: Path, refused: Refused, content: bytes, reason: str
) -> None:
    """Empty, one byte, texts, pictures, headers without a body, a codec nobody knows."""
    path = tmp_path / "recording"
    path.write_bytes(content)

    assert reason == refused(path)


@pytest.fixture
def canary() -> Any:
    """A web server that notices being asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n{key}#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"
SCRIPTS = {
    "HLS naming a URL": HLS.replace("{key}", "").replace("{target}", "{url}/a.aac"),
    "HLS whose key is a URL": HLS.replace("{key}", '#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n').replace(
        "{target}", "{path}"
    ),
    "HLS naming a file by its path": HLS.replace("{key}", "").replace("{target}", "{path}"),
    "HLS naming a file beside it": HLS.replace("{key}", "").replace("{target}", "{name}"),
    "concat naming a URL": "ffconcat version 1.0\nfile {url}/a.mp3\n",
    "concat naming a file by its path": "ffconcat version 1.0\nfile '{path}'\n",
    "concat naming a file beside it": "ffconcat version 1.0\nfile {name}\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    "<BaseURL>{url}/</BaseURL></Period></MPD>",
    "ASX": '<asx version="3.0"><entry><ref href="{url}/a.wma"/></entry></asx>',
}


@pytest.mark.parametrize(
    ("name", "script"),
    [
        *(("recording", script) for script in SCRIPTS),
        *((name, "HLS naming a URL") for name in ("call.m3u8", "call.wav")),
        *((name, "concat naming a URL") for name in ("call.m3u8", "call.wav")),
    ],
)
def test_nothing_a_recording_names_is_opened(
    record: Record,
    make_voice: Make,
    refused: Refused,
    canary: tuple[str, list[str]],
    tmp_path: Path,
    script: str,
    name: str,
) -> None:
    """No file beside it, no file anywhere, no URL: not under any name of the script."""
    secret = record(
        make_voice(1, 44_100), codec="libmp3lame", container="mp3", rate=44_100, name="secret.mp3"
    )
    url, asked = canary
    path = tmp_path / name
    path.write_text(SCRIPTS[script].format(url=url, path=secret, name=secret.name))

    assert "unreadable_audio" == refused(path)
    assert [] == asked


def test_the_scripts_would_open_what_they_name(record: Record, make_voice: Make, tmp_path: Path) -> None:
    """Without our bounds FFmpeg plays the file that a script names: the test above can fail."""
    secret = record(
        make_voice(1, 44_100), codec="libmp3lame", container="mp3", rate=44_100, name="secret.mp3"
    )
    path = tmp_path / "recording"
    path.write_text(SCRIPTS["concat naming a file beside it"].format(name=secret.name))

    with av.open(str(path)) as container:
        assert 44_100 == container.streams.audio[0].codec_context.sample_rate
