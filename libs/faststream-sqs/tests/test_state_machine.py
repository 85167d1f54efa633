"""The engine's invariants, whatever SQS, handlers and operators do in whatever order.

I1  A message is deleted only after its handler succeeded, or after its copy lies in the dead-letter queue.
I2  Every lease received is open, or ended exactly once.
I3  No visibility is changed for a lease that ended.
I4  A lease's visibility changes carry its newest wish: no heartbeat undoes a return.
I5  Handlers at work and messages held stay within their permits.
I6  A FIFO group's messages start in their order, and none behind one that was not deleted.
I7  After a stop no message is hidden but those sent back with a delay and those left undecided.
I8  While nothing goes wrong nothing is handled twice, and never is one message handled twice at once.
I10 A stop ends within its grace and a second. (I9, the cost, is in test_economy.)
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from faststream_sqs import FakeSQS
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.consumer import Consumer, ConsumerOptions
from faststream_sqs.engine.dead_letter import DeadLetters
from faststream_sqs.engine.lease import EXTENDABLE, Lease, LeaseState
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.sender import Sender
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.fake import Fault, StoredMessage
from faststream_sqs.schemas import ConstantRetry
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

GRACE = 10.0  # seconds
CARRIED_OUT_BY = {"ack": "delete_message_batch", "reject": "send_message_batch"}
DELAYS = (0, 3, 7)  # seconds a handler may ask for, none of them a queue's visibility
BACK_OFF = 7  # seconds
BOUNDED = settings(
    max_examples=250,
    stateful_step_count=40,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

faults = st.builds(
    Fault,
    code=st.sampled_from(["ServiceUnavailable", "RequestThrottled", "InternalError"]),
    entries=st.none() | st.frozensets(st.integers(0, 9), min_size=1),
    delay=st.sampled_from([0.0, 0.5, 5.0]),
    after_effect=st.booleans(),
    reset=st.booleans(),
)


@dataclass(eq=False)
class Job:
    """A handler at work, and how it will end."""

    lease: Lease
    ending: "asyncio.Future[Any]"


class Ledger(CountingRecorder):
    """Counts what was received, too."""

    arrivals = 0

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        self.arrivals += 1


@dataclass(eq=False)
class Witness:
    """SQS as the consumer sees it; whatever should not be asked is written down."""

    fake: FakeSQS
    wishes: dict[Lease, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    open: Callable[[], list[Lease]] = list
    changing: int = 0

    def __getattr__(self, action: str) -> Any:
        return getattr(self.fake, action)

    async def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        leases = {lease.receipt_handle: lease for lease in self.open()}
        for entry in request["Entries"]:
            self._judge(leases.get(entry["ReceiptHandle"]), entry["VisibilityTimeout"])
        self.changing += 1
        if self.changing > 1:
            self.wrong.append("I4: two visibility requests at once")
        try:
            return await self.fake.change_message_visibility_batch(**request)
        finally:
            self.changing -= 1

    def _judge(self, lease: Lease | None, seconds: int) -> None:
        if lease is None:
            self.wrong.append("I3: the visibility of a lease that ended is changed")
        elif lease.state in EXTENDABLE and seconds in DELAYS:
            self.wrong.append(f"I4: {lease.state} is returned")
        elif lease.state not in EXTENDABLE and seconds != self.wishes.get(lease, 0):
            self.wrong.append(f"I4: {lease.state} gets {seconds} s, not {self.wishes.get(lease, 0)} s")


class EngineMachine(RuleBasedStateMachine):
    """One consumer over one queue, on a clock that jumps."""

    new_loop: Callable[[], asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.make: Callable[[], Consumer]
        self.loop = type(self).new_loop()
        self.fake = FakeSQS(clock=self.loop.time)
        self.witness, self.recorder = Witness(self.fake), Ledger()
        self.jobs: list[Job] = []
        self.sent: dict[str, StoredMessage] = {}
        self.succeeded: Counter[str] = Counter()
        self.undecided, self.taken_back = set[str](), set[str]()
        self.begun: set[str] = set()  # messages a handler had, and nobody gave back
        self.automatic, self.calm, self.running = False, True, False
        self.consumer: Any = None
        self.left_open = 0  # leases that stops gave up while SQS did not answer

    @initialize(
        fifo=st.booleans(),
        workers=st.integers(1, 6),
        prefetch=st.integers(0, 12),
        visibility=st.sampled_from([6, 30]),
        pollers=st.integers(1, 2),
        peaceful=st.booleans(),
    )
    def begin(
        self, *, fifo: bool, workers: int, prefetch: int, visibility: int, pollers: int, peaceful: bool
    ) -> None:
        self.fifo, self.workers, self.prefetch, self.peaceful = fifo, workers, prefetch, peaceful
        self.name = "work.fifo" if fifo else "work"
        dead = "dead.fifo" if fifo else "dead"
        info = QueueInfo(self.name, self.fake.add_queue(self.name), visibility=visibility, fifo=fifo)
        api = SQSApi(self.witness, self.recorder)
        target = QueueInfo(dead, self.fake.add_queue(dead), fifo=fifo)
        self.options = ConsumerOptions(
            max_workers=workers, prefetch=prefetch, pollers=pollers, wait_time=5, graceful_timeout=GRACE
        )
        self.make = lambda: Consumer(
            api,
            info,
            self.handle,
            self.options,
            recorder=self.recorder,
            dead_letters=DeadLetters(target, info, Sender(api)),
            retry=ConstantRetry(BACK_OFF),
            log=lambda level, text: None,
        )
        self.open()
        self.send(8, 3)

    async def handle(self, lease: Lease, settlement: Settlement) -> None:
        self.starts(lease)
        job = Job(lease, asyncio.get_running_loop().create_future())
        self.jobs.append(job)
        if self.automatic:
            job.ending.set_result("ack")
        try:
            verdict = await job.ending
            if verdict != "ack":
                self.begun.discard(lease.message_id)
            await self.end(job, verdict, settlement)
        except asyncio.CancelledError:
            if not self.running:
                self.begun.discard(lease.message_id)
            raise
        finally:
            self.jobs.remove(job)

    async def end(self, job: Job, verdict: Any, settlement: Settlement) -> None:
        match verdict:
            case "ack":
                self.succeeded[job.lease.message_id] += 1
                await settlement.ack(job.lease)
            case "reject":
                if job.lease.held:
                    self.witness.wishes[job.lease] = BACK_OFF  # should the copy fail
                await settlement.reject(job.lease, "no good")
            case int():
                if job.lease.held:
                    self.witness.wishes[job.lease] = verdict
                await settlement.nack(job.lease, verdict)
            case _:
                self.undecided.add(job.lease.message_id)

    def starts(self, lease: Lease) -> None:
        message = self.sent[lease.message_id]
        if any(job.lease.message_id == lease.message_id for job in self.jobs):
            self.witness.wrong.append("I8: one message is handled twice at once")
        if self.calm and lease.message_id in self.begun:
            self.witness.wrong.append("I8: a message nobody gave back is handled again")
        self.begun.add(lease.message_id)
        # SQS confirms the delete of what it gave to a stranger: nobody can know that it is still there.
        ours = [one for one in self.held if one.message_id not in self.taken_back]
        before = [one for one in ours if one.group == message.group and one.sequence < message.sequence]
        if self.fifo and before:
            self.witness.wrong.append("I6: a message starts before its predecessor is gone")

    @property
    def held(self) -> list[StoredMessage]:
        return self.fake.messages(self.name)

    def pass_time(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    @precondition(lambda self: not self.running)
    @rule()
    def restart(self) -> None:
        self.open()

    def open(self) -> None:
        self.left_open += len(self.consumer._custody.table) if self.consumer else 0

        async def start() -> None:
            self.consumer = self.make()
            self.witness.open = lambda: list(self.consumer._custody.table)
            self.consumer.start()

        self.loop.run_until_complete(start())
        self.running = True

    @rule(count=st.integers(1, 15), groups=st.integers(1, 4))
    def send(self, count: int, groups: int) -> None:
        """Messages come in."""
        for number in range(count):
            self.put(number % groups)
        self.pass_time(0.01)

    def put(self, group: int) -> None:
        entry = {"MessageGroupId": f"g{group}"} if self.fifo else {}
        message_id = self.fake.put(self.name, str(len(self.sent)), **entry)
        self.sent[message_id] = self.fake.queues[self.name].held[message_id]

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.4, 1.0, 2.5, 6.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.pass_time(seconds)

    @precondition(lambda self: self.jobs)
    @rule(
        verdict=st.sampled_from(["ack", "ack", "reject", "undecided", *DELAYS]),
        which=st.integers(0, 20),
        count=st.integers(1, 6),
        trouble=st.none() | st.just(Fault("AccessDenied")) | faults,
    )
    def finish(self, verdict: Any, which: int, count: int, trouble: Fault | None) -> None:
        if trouble is not None and not self.peaceful:
            self.calm = False
            self.fake.fail(CARRIED_OUT_BY.get(verdict, "change_message_visibility_batch"), trouble)
        for job in (self.jobs[which % len(self.jobs) :] + self.jobs)[:count]:
            if not job.ending.done():
                job.ending.set_result(verdict)
        self.pass_time(0)

    @precondition(lambda self: not self.peaceful)
    @rule(rate=st.sampled_from([0.1, 0.5, 1.0]), several=st.lists(faults, min_size=1, max_size=3))
    def break_down(self, rate: float, several: list[Fault]) -> None:
        self.calm = False
        self.fake.disturb(rate, several)

    @precondition(lambda self: not self.peaceful)
    @rule(fault=faults, times=st.integers(1, 3))
    def fail_to_receive(self, fault: Fault, times: int) -> None:
        self.calm = False
        self.fake.fail("receive_message", fault, times=times)

    @rule()
    def mend(self) -> None:
        self.fake.heal()

    @precondition(lambda self: self.jobs and not self.peaceful)
    @rule(which=st.integers(0, 20), stranger=st.booleans())
    def take_back(self, which: int, *, stranger: bool) -> None:
        """SQS shows a message early, or gives it to a stranger, while its handler is at work."""
        self.calm = False
        self.taken_back.add(self.jobs[which % len(self.jobs)].lease.message_id)
        message = self.sent[self.jobs[which % len(self.jobs)].lease.message_id]
        if stranger:
            message.handle = f"{message.message_id}/elsewhere"
        if message in self.held:
            self.fake.queues[self.name].hide(message, self.loop.time() + (30 if stranger else 0))
        self.pass_time(1)

    @precondition(lambda self: self.running)
    @rule(paused=st.booleans())
    def pause(self, *, paused: bool) -> None:
        self.loop.call_soon(self.consumer.pause if paused else self.consumer.resume)
        self.pass_time(0)

    @precondition(lambda self: self.running)
    @rule(hurry=st.booleans(), late=st.booleans())
    def stop(self, *, hurry: bool, late: bool) -> None:
        """The process is told to end; the last poll may bring something."""
        if late:  # nothing is left to do, and the last poll is open
            self.all_succeed()
            self.pass_time(1)
            self.automatic = False
        healthy = self.fake._weather._rate == 0
        started = self.loop.time()
        self.loop.call_soon(self.consumer.hurry if hurry else int)
        last = self.loop.call_later(0.1, self.put, 0) if late else self.loop.call_soon(int)
        self.running = False
        self.loop.run_until_complete(self.consumer.stop())
        last.cancel()
        assert self.loop.time() - started <= GRACE + 1, "I10: the stop takes too long"
        assert [] == self.jobs, "I7: a handler outlives the stop"
        if healthy and self.calm:
            states = {lease.state for lease in self.consumer._custody.table}
            assert states <= {LeaseState.ABANDONED}, "I7: leases are left open"
            self.pass_time(max(DELAYS) + 0.1)
            hidden = {one.message_id for one in self.held if one.visible_at > self.loop.time()}
            # A poll that was cancelled, in a hurry, may still have taken what nobody will handle.
            self.undecided |= hidden if hurry else set()
            assert hidden <= self.undecided, "I7: a message stays hidden"

    @invariant()
    def nothing_wrong_was_asked(self) -> None:
        """I3, I4, I6, I8, seen while it happened."""
        assert [] == self.witness.wrong

    @invariant()
    def lost_work_ends(self) -> None:
        """I8: a handler whose lease was lost is cancelled."""
        self.pass_time(0.01)
        assert [] == [job for job in self.jobs if job.lease.state is LeaseState.LOST], "I8: lost work goes on"

    @invariant()
    def nothing_is_gone_that_was_not_done(self) -> None:
        """I1."""
        if not self.consumer:
            return
        copies = Counter(self.fake.bodies("dead.fifo" if self.fifo else "dead"))
        for message_id in self.sent.keys() - {one.message_id for one in self.held}:
            body = self.sent[message_id].entry["MessageBody"]
            assert self.succeeded[message_id] or copies[body], "I1: a message is gone that nobody handled"

    @invariant()
    def every_lease_is_accounted_for(self) -> None:
        """I2."""
        if self.consumer:
            ended = sum(self.recorder.settlements.values())
            still_open = self.left_open + len(self.consumer._custody.table)
            assert self.recorder.arrivals == ended + still_open, "I2: a lease ended twice, or never"

    @invariant()
    def permits_are_kept(self) -> None:
        """I5."""
        if self.consumer:
            dispatcher = self.consumer._dispatcher
            assert max(dispatcher.running, len(self.jobs)) <= self.workers, "I5: too many handlers"
            held = dispatcher.running + dispatcher.buffered
            assert held <= self.workers + self.prefetch, "I5: too many messages held"

    def teardown(self) -> None:
        """In the end SQS works, handlers succeed, and every message is gone; no task is left behind."""
        with asyncio.Runner(loop_factory=lambda: self.loop):
            if self.consumer:
                self.settle_down()

    def all_succeed(self) -> None:
        self.automatic = True
        for job in self.jobs:
            if not job.ending.done():
                job.ending.set_result("ack")

    def settle_down(self) -> None:
        self.fake.heal()
        if not self.running:
            self.open()
        self.loop.call_soon(self.consumer.resume)
        self.all_succeed()
        until = self.loop.time() + 2_000
        while self.held and self.loop.time() < until:
            self.pass_time(1)
        assert [] == [one.message_id for one in self.held], "a message is never handled"
        self.nothing_is_gone_that_was_not_done()
        self.stop(hurry=False, late=False)
        self.nothing_wrong_was_asked()


def test_invariants_hold(virtual_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """No sequence of deliveries, outages, handlers' ends, pauses and stops breaks an invariant."""
    machine = type("Machine", (EngineMachine,), {"new_loop": staticmethod(virtual_loop)})

    run_state_machine_as_test(machine, settings=BOUNDED)
