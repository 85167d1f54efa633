"""How many messages a poll asks for."""

import pytest
from faststream_sqs.engine.permits import poll_size


@pytest.mark.parametrize(
    ("workers", "prefetch", "running", "buffered", "reserved", "expected"),
    [
        pytest.param(1, 0, 0, 0, 0, 1, id="an idle worker"),
        pytest.param(1, 0, 1, 0, 0, 0, id="a busy worker"),
        pytest.param(1, 0, 0, 0, 1, 0, id="a message already asked for"),
        pytest.param(4, 0, 3, 0, 0, 1, id="one worker idle: no waiting for a full batch"),
        pytest.param(10, 20, 10, 11, 0, 0, id="less than a batch fits and nobody idles"),
        pytest.param(10, 20, 10, 10, 0, 10, id="a whole batch fits"),
        pytest.param(50, 0, 0, 0, 0, 10, id="never more than ten"),
        pytest.param(10, 0, 9, 1, 0, 0, id="the buffered message will take the idle worker"),
    ],
)
def test_asks(workers: int, prefetch: int, running: int, buffered: int, reserved: int, expected: int) -> None:
    """A poll never idles a worker for a batch, and otherwise waits for a full one."""
    asked = poll_size(
        max_workers=workers, prefetch=prefetch, running=running, buffered=buffered, reserved=reserved
    )

    assert expected == asked
