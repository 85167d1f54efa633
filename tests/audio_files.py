"""Recordings made for a test: tone bursts that an energy detector takes for speech, silence between."""

import wave
from pathlib import Path

import numpy as np

RATE = 8000  # Hz, as on the telephone


def write_call(path: Path, *, seconds: float = 8.0, seed: int = 0, channels: int = 2) -> Path:
    """A WAV whose channels speak in turn, a second each and a second apart; every second unlike any other."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    tracks = [
        _turns(time, channel, channels, 300.0 + 50 * channel + rng.uniform(0, 40))
        for channel in range(channels)
    ]
    samples = (np.stack(tracks, axis=1) * 12_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def write_silence(path: Path, seconds: float = 3.0) -> Path:
    """A WAV in which nothing is said."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * int(seconds * RATE)))
    return path


def _turns(time: np.ndarray, channel: int, channels: int, pitch: float) -> np.ndarray:
    speaking = (time.astype(int) % (2 * channels)) == 2 * channel
    warble = 1 + 0.3 * np.sin(2 * np.pi * 5 * time)
    return np.asarray(np.where(speaking, np.sin(2 * np.pi * pitch * time) * warble / 1.3, 0.0))
