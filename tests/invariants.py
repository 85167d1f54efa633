"""What must hold whatever happened."""

from collections.abc import Mapping

from backstage import ONE_OF_EACH, Backstage
from onebox.door import Door
from waiting import until, until_terminal

PAID = ("transcribe", "analyze", "embed")
REDELIVERY = 60 + 10.0  # seconds: the visibility timeout, and the work itself


async def every_call_completed_once(door: Door, backstage: Backstage, calls: list[str]) -> None:
    """Each call is completed, kept once by each stage, and nothing is left on a queue."""
    for call_id in calls:
        call = await until_terminal(door, call_id, REDELIVERY)
        assert (call_id, "completed") == (call_id, call["status"]), call["error"]
        assert ONE_OF_EACH == await backstage.documents(call_id)
    await until(backstage.idle, REDELIVERY, what="every queue is empty")


async def the_ledger_holds(backstage: Backstage, log: Mapping[str, int]) -> dict[str, int]:
    """Every request in the server's own log has its row; how many of each stage's have no end.

    A row without an end may be one more than the log: its worker died before the request had left.
    """
    ends = {}
    for stage in PAID:
        rows = await backstage.db["ledger"].count_documents({"stage": stage})
        ends[stage] = await backstage.db["ledger"].count_documents({"stage": stage, "outcome": "started"})
        assert rows - ends[stage] <= log[stage] <= rows, f"{stage}: {rows} rows, {log[stage]} requests"
    return ends
