"""What must hold after workers were killed: the calls, the provider's own log, and what is kept agree."""

from collections import Counter
from typing import Any

from kill_scene import OPEN_AT_ONCE, KillScene
from tone_speech import ToneSpeech

CUTS = 4  # of a short call


async def every_call_announced(scene: KillScene) -> None:
    """Each call has one transcript of all its cuts and was announced; twice only after a death."""
    db = scene.backstage.db
    transcripts = Counter([row["call_id"] async for row in db["transcripts"].find()])
    assert Counter(scene.calls) == transcripts
    announced = await scene.announced()
    assert set(scene.calls) == set(announced)
    assert announced.total() <= len(scene.calls) + scene.kills
    assert (0, 0) == await scene.backstage.depth("transcribe", dead=True)


async def finished_cuts_paid_once(scene: KillScene) -> None:
    """No worker asks twice about a cut, or at all about one that was kept before it began."""
    log = scene.provider.log
    assert CUTS * len(scene.calls) == len({each.text for each in log})
    assert {each.text for each in log} == await scene.kept_texts()
    by_worker = Counter((each.by, each.text) for each in log)
    assert {} == {asked: times for asked, times in by_worker.items() if times > 1}
    assert [] == [each.number for each in log if each.text in scene.kept_before[each.by]]
    assert len(log) <= CUTS * len(scene.calls) + scene.kills * OPEN_AT_ONCE


def ledger_equals(rows: list[dict[str, Any]], provider: ToneSpeech) -> None:
    """The ledger has a row for every request that arrived: settled if it was answered, else left open."""
    settled = [row for row in rows if row["settled_at"] is not None]
    assert len(provider.log) <= len(rows)
    assert len(settled) <= len(provider.answered)
    seconds = sum(-(-each.samples // 16_000) for each in provider.answered)
    assert sum(row["audio_seconds"] for row in settled) <= seconds
