"""A queue whose messages are taken by hand."""

from faststream_sqs.engine.pull import Puller
from faststream_sqs.engine.timing import now
from faststream_sqs.message import RawMessage

from .intake import Intake


class PulledQueue:
    """Gives out messages; whoever takes them settles them, their leases are extended until then."""

    def __init__(self, puller: Puller, intake: Intake) -> None:
        self._puller, self._intake = puller, intake
        puller.start()

    async def receive(self, count: int, seconds: float) -> list[RawMessage]:
        """At most so many messages, the first to come within so many seconds."""
        until = now() + seconds
        while True:
            leases = await self._puller.receive(count, max(0.0, until - now()))
            raws = [RawMessage(lease, self._puller.settlement) for lease in leases]
            ready = await self._intake.admit_all(raws)
            for raw in ready:
                self._intake.handled(raw)
            if ready or not leases or until <= now():
                return list(ready)

    async def stop(self, grace: float) -> None:
        """Give back what nobody settled."""
        await self._puller.stop(grace)
