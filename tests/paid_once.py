"""What must hold after workers were killed: the calls, the provider's own log, and what is kept agree."""

from collections import Counter
from typing import Any

from kill_scene import KillScene
from trades import Trade


async def every_call_announced(scene: KillScene) -> None:
    """Each call has one document and was announced, where anybody is to be told; twice only after a death."""
    db = scene.backstage.db
    documents = Counter([row["call_id"] async for row in db[scene.trade.collection].find()])
    assert Counter(scene.calls) == documents
    if scene.trade.then:
        announced = await scene.announced()
        assert set(scene.calls) == set(announced)
        assert announced.total() <= len(scene.calls) + scene.kills
    assert (0, 0) == await scene.backstage.depth(scene.trade.stage, dead=True)


async def finished_work_paid_once(scene: KillScene) -> None:
    """No worker asks a thing twice, or at all what was answered and kept before it began."""
    log, questions = scene.trade.provider.log, scene.trade.questions
    assert questions * len(scene.calls) == len({each.text for each in log})
    assert {each.text for each in log} == await scene.kept_texts()
    by_worker = Counter((each.by, each.text) for each in log)
    assert {} == {asked: times for asked, times in by_worker.items() if times > 1}
    assert [] == [each.number for each in log if each.text in scene.kept_before[each.by]]
    assert len(log) <= questions * len(scene.calls) + scene.kills * scene.trade.open_at_once


async def ledger_equals_log(scene: KillScene) -> None:
    """Each request that arrived has a row of its work; what was answered is settled, or its worker died."""
    trade, db = scene.trade, scene.backstage.db
    rows = [row async for row in db["ledger"].find()]
    answers = {row["_id"]: trade.said(row["result"]) async for row in db["work"].find()}
    noted, settled = Counter(answers[row["work"]] for row in rows), _settled(rows, answers)
    asked = Counter(each.text for each in trade.provider.log)
    answered = Counter(each.text for each in trade.provider.answered)
    assert {} == asked - noted, "requests without a row"
    assert {} == settled - answered, "settled, and never answered"
    assert {} == answered - noted, "answers without a row"
    assert (noted - settled).total() <= scene.kills * trade.open_at_once
    assert [] == _miscounted(trade, rows, answers), "rows that tell of something else than was sent"


def _settled(rows: list[dict[str, Any]], answers: dict[str, str]) -> Counter[str]:
    return Counter(answers[row["work"]] for row in rows if row["outcome"] == "ok")


def _miscounted(trade: Trade, rows: list[dict[str, Any]], answers: dict[str, str]) -> list[dict[str, Any]]:
    sent = {each.text: each for each in trade.provider.log}
    return [row for row in rows if not trade.counts(row, sent[answers[row["work"]]])]
