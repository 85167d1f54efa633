"""The access log: one column for the queue, one for the message."""

import logging
from functools import partial
from typing import Any

from faststream_sqs._faststream import (
    ContextRepo,
    DefaultLoggerStorage,
    LoggerProto,
    get_broker_logger,
    make_logger_state,
)

MESSAGE_ID_WIDTH = 10  # characters


class SQSParamsStorage(DefaultLoggerStorage):
    """Knows how wide the queue column must be."""

    def __init__(self) -> None:
        super().__init__()
        self._queue_width = len("queue")
        self.logger_log_level = logging.INFO

    def register_subscriber(self, params: dict[str, Any]) -> None:
        """Make room for the subscriber's queue."""
        self._queue_width = max(self._queue_width, len(params.get("queue", "")))

    def get_logger(self, *, context: ContextRepo) -> LoggerProto:
        """The broker's logger, made once."""
        known = self._get_logger_ref()
        return known or self._make_logger(context)

    def _make_logger(self, context: ContextRepo) -> LoggerProto:
        logger = get_broker_logger(
            name="sqs",
            default_context={"queue": ""},
            message_id_ln=MESSAGE_ID_WIDTH,
            fmt=(
                "%(asctime)s %(levelname)-8s - "
                f"%(queue)-{self._queue_width}s | %(message_id)-{MESSAGE_ID_WIDTH}s - %(message)s"
            ),
            context=context,
            log_level=self.logger_log_level,
        )
        self._logger_ref.add(logger)
        return logger


make_sqs_logger_state = partial(make_logger_state, default_storage_cls=SQSParamsStorage)
