"""How many messages a poller may ask for: never idle a worker, never hoard, fill batches."""

from .client import MAX_BATCH


def poll_size(*, max_workers: int, prefetch: int, running: int, buffered: int, reserved: int) -> int:
    """Messages to ask for now, 0 for none.

    Ask when a whole batch fits, or when a worker would idle; a worker never waits for a batch.
    """
    free = max_workers + prefetch - running - buffered - reserved
    full_batch = free >= min(MAX_BATCH, max_workers + prefetch)
    idle_worker = buffered == 0 and running + reserved < max_workers
    return min(MAX_BATCH, free) if full_batch or idle_worker else 0


def batch_poll_size(
    *, workers: int, busy: int, size: int, prefetch: int, running: int, buffered: int, reserved: int
) -> int:
    """Messages to ask for now when handlers take batches of `size`, 0 for none.

    A worker without a batch is reason enough to ask, until there is a whole batch for each.
    """
    capacity = workers * size + prefetch
    free = capacity - running - buffered - reserved
    idle_worker = buffered + reserved < size * (workers - busy)
    return min(MAX_BATCH, free) if free >= min(MAX_BATCH, capacity) or idle_worker else 0
