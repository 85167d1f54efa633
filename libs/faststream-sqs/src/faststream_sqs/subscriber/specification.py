"""A subscriber in the AsyncAPI document."""

from faststream.specification.asyncapi.utils import resolve_payloads
from faststream.specification.schema import Message, Operation, SubscriberSpec
from faststream.specification.schema.bindings import ChannelBinding, OperationBinding
from faststream.specification.schema.bindings import sqs as sqs_bindings

from faststream_sqs._faststream import SubscriberSpecification
from faststream_sqs.configs import SQSBrokerConfig

from .config import SQSSubscriberSpecificationConfig


class SQSSubscriberSpecification(SubscriberSpecification[SQSBrokerConfig, SQSSubscriberSpecificationConfig]):
    """One channel per subscriber."""

    @property
    def queue(self) -> str:
        """The queue's name, router prefixes included."""
        return self.config.queue.with_prefix(self._outer_config.prefix).name

    @property
    def channel_labels(self) -> list[str]:
        """The queue."""
        return [self.queue]

    def get_schema(self) -> dict[str, SubscriberSpec]:
        """The channel."""
        return {
            self.name: SubscriberSpec(
                address=self.queue,
                description=self.description,
                operation=Operation(
                    message=Message(
                        title=f"{self.name}:Message", payload=resolve_payloads(self.get_payloads())
                    ),
                    bindings=OperationBinding(sqs=sqs_bindings.OperationBinding()),
                ),
                bindings=ChannelBinding(
                    sqs=sqs_bindings.ChannelBinding(
                        queue={"name": self.queue, "fifoQueue": self.config.queue.fifo}
                    )
                ),
            )
        }
