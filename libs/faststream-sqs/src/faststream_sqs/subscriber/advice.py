"""What is wrong, or will be, with a queue and a subscriber together, and what to change."""

from faststream.middlewares import AckPolicy

from faststream_sqs.engine.client import QueueInfo

from .config import SQSSubscriberConfig

FEWEST_RECEIVES = 3  # deliveries: one may be lost on the way, one to a deployment
SHORTEST_LEASE = 5  # seconds: enough for two tries at an extension


def advice(config: SQSSubscriberConfig, queue: QueueInfo) -> list[str]:
    """One sentence per problem; `queue.visibility` is the lease as it will be asked for."""
    return [*_redrive(config, queue), *_lease(config, queue)]


def _redrive(config: SQSSubscriberConfig, queue: QueueInfo) -> list[str]:
    count = queue.max_receive_count
    found = []
    if count is None and config.consumption.dead_letter is None:
        found.append(
            "it has no dead-letter queue, so a message that always fails comes back until it expires: "
            "give it a redrive policy, or name SQSQueue(redrive=RedrivePolicy(...)) or dead_letter="
        )
        if config.ack_policy is AckPolicy.REJECT_ON_ERROR:
            found.append("ack_policy REJECT_ON_ERROR cannot move a message anywhere: name dead_letter=")
    if count is not None and count < FEWEST_RECEIVES:
        found.append(
            f"its maxReceiveCount of {count} sends healthy messages to the dead-letter queue, since every "
            f"stop gives messages back: raise it to {FEWEST_RECEIVES} or more"
        )
    return found


def _lease(config: SQSSubscriberConfig, queue: QueueInfo) -> list[str]:
    settings, limit, lease = config.consumption, config.handler_timeout, queue.visibility
    found = []
    if settings.heartbeat and lease < SHORTEST_LEASE:
        found.append(
            f"a lease of {lease} s leaves no time to extend it: raise visibility_timeout to "
            f"{SHORTEST_LEASE} s or more"
        )
    if not settings.heartbeat and (limit is None or limit > lease):
        found.append(
            f"a handler that takes longer than {lease} s has its message delivered again: leave heartbeat on "
            "or set handler_timeout below visibility_timeout"
        )
    if settings.heartbeat and limit is not None and limit > settings.max_lease:
        found.append(
            f"handler_timeout ({limit:g} s) exceeds max_lease ({settings.max_lease:g} s), after which leases "
            "run out: raise max_lease"
        )
    if config.batch and config.consumption.batch_window > lease / 2:
        found.append(
            f"batch_window ({settings.batch_window:g} s) uses up most of a lease of {lease} s: shorten it"
        )
    return found
