"""A publisher in the AsyncAPI document."""

from faststream.specification.asyncapi.utils import resolve_payloads
from faststream.specification.schema import Message, Operation, PublisherSpec
from faststream.specification.schema.bindings import ChannelBinding, OperationBinding
from faststream.specification.schema.bindings import sqs as sqs_bindings

from faststream_sqs._faststream import PublisherSpecification
from faststream_sqs.configs import SQSBrokerConfig

from .config import SQSPublisherSpecificationConfig


class SQSPublisherSpecification(PublisherSpecification[SQSBrokerConfig, SQSPublisherSpecificationConfig]):
    """One channel per publisher."""

    @property
    def queue(self) -> str:
        """The queue's name, router prefixes included."""
        return self.config.queue.with_prefix(self._outer_config.prefix).name

    @property
    def name(self) -> str:
        """The channel's key."""
        return self.config.title_ or f"{self.queue}:Publisher"

    def get_schema(self) -> dict[str, PublisherSpec]:
        """The channel."""
        payload = resolve_payloads(self.get_payloads(), "Publisher")
        return {
            self.name: PublisherSpec(
                address=self.queue,
                description=self.config.description_,
                operation=Operation(
                    message=Message(title=f"{self.name}:Message", payload=payload),
                    bindings=OperationBinding(sqs=sqs_bindings.OperationBinding()),
                ),
                bindings=ChannelBinding(
                    sqs=sqs_bindings.ChannelBinding(
                        queue={"name": self.queue, "fifoQueue": self.config.queue.fifo}
                    )
                ),
            )
        }
