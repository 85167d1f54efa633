"""What must hold after workers were killed: the calls, the provider's own log, and what is kept agree."""

from collections import Counter
from typing import Any

from kill_scene import OPEN_AT_ONCE, KillScene
from tone_speech import RATE

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


async def ledger_equals_log(scene: KillScene) -> None:
    """Each request that arrived has a row of its cut; what was answered is settled, or its worker died."""
    rows = [row async for row in scene.backstage.db["ledger"].find()]
    cuts = {row["_id"]: row["result"]["text"] async for row in scene.backstage.db["work"].find()}
    noted, settled = Counter(cuts[row["work"]] for row in rows), _settled(rows, cuts)
    asked = Counter(each.text for each in scene.provider.log)
    answered = Counter(each.text for each in scene.provider.answered)
    assert {} == asked - noted, "requests without a row"
    assert {} == settled - answered, "settled, and never answered"
    assert {} == answered - noted, "answers without a row"
    assert (noted - settled).total() <= scene.kills * OPEN_AT_ONCE
    seconds = {each.text: -(-each.samples // RATE) for each in scene.provider.log}
    wrong = [row for row in rows if row["audio_seconds"] != seconds[cuts[row["work"]]]]
    assert [] == wrong, "seconds that were not sent"


def _settled(rows: list[dict[str, Any]], cuts: dict[str, str]) -> Counter[str]:
    return Counter(cuts[row["work"]] for row in rows if row["outcome"] == "ok")
