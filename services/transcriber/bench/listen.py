"""One measurement on one core: listen to a recording, or decode it with PyAV alone."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import av
from common.errors import Permanent
from transcriber.activity import voice_activity
from transcriber.cuts import Rules
from transcriber.listening import Limits, Listener
from transcriber.threads import Stop

_MIB = 1024  # of the kilobytes the kernel counts in


def main() -> None:
    """Measure as the arguments say, and print the figures as JSON."""
    how, recording = sys.argv[1], Path(sys.argv[2])
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measure = _plain if how == "pyav" else _listened
        idle, wall, processor = _peak(), time.perf_counter(), time.process_time()
        figures = measure(how, recording, Path(folder))
        figures |= {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - processor}
        figures |= {"rss_mib": _peak(), "above_idle_mib": _peak() - idle, "disk_mib": _disk(Path(folder))}
    print(json.dumps(figures | {"gone": not Path(folder).exists()}))  # noqa: T201 - the result


def _plain(_how: str, recording: Path, _folder: Path) -> dict[str, object]:
    samples = 0
    with av.open(str(recording)) as container:
        for packet in container.demux(container.streams.audio[0]):
            samples += sum(frame.samples for frame in packet.decode())
    return {"outcome": "decoded", "samples": samples}


def _listened(how: str, recording: Path, folder: Path) -> dict[str, object]:
    activity = voice_activity("energy" if how == "energy" else "silero")
    listener = Listener(activity, Limits(8 * 3600, 0.95), Rules.within(30))
    try:
        listened = listener.listen(recording, folder, Stop())
    except Permanent as refusal:
        return {"outcome": refusal.reason}
    return {"outcome": f"{len(listened.cuts)} cuts", "samples": listened.samples}


def _peak() -> float:
    """The largest resident set so far; getrusage would count that of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / _MIB


def _disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 2**20


if __name__ == "__main__":
    main()
