"""SQS and S3 on MiniStack; queues and buckets are created as everywhere, by ``common.ctl``."""

import sys
from pathlib import Path

from common.ctl.buckets import Notified, NotOffered, create_buckets, notify
from common.ctl.queues import QUEUE_ATTRIBUTES, create_queues, queue_arn

from onebox.process import LOOPBACK, Command

__all__ = [
    "QUEUE_ATTRIBUTES",
    "NotOffered",
    "Notified",
    "create_buckets",
    "create_queues",
    "ministack",
    "notify",
    "queue_arn",
]


def ministack(data_dir: Path, port: int) -> Command:
    """The command for an SQS and S3 server that writes its state to `data_dir` when told to stop."""
    return Command(
        name="ministack",
        argv=(sys.executable, "-m", "ministack"),
        ready=f"http://{LOOPBACK}:{port}/_ministack/health",
        log=data_dir / "ministack.log",
        env={
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "SERVICES": "sqs,s3",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(data_dir / "state"),
            "S3_DATA_DIR": str(data_dir / "s3"),
            "TMPDIR": str(data_dir),
        },
    )
