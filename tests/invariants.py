"""What must hold whatever happened."""

from backstage import ONE_OF_EACH, Backstage
from onebox.door import Door
from waiting import until, until_terminal

REDELIVERY = 60 + 10.0  # seconds: the visibility timeout, and the work itself


async def every_call_completed_once(door: Door, backstage: Backstage, calls: list[str]) -> None:
    """Each call is completed, kept once by each stage, and nothing is left on a queue."""
    for call_id in calls:
        call = await until_terminal(door, call_id, REDELIVERY)
        assert (call_id, "completed") == (call_id, call["status"]), call["error"]
        assert ONE_OF_EACH == await backstage.documents(call_id)
    await until(backstage.idle, REDELIVERY, what="every queue is empty")
