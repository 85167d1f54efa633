"""A program for an environment that holds this package and nothing else: `make package` runs it."""

import asyncio
from importlib.metadata import distribution
from importlib.util import find_spec

from faststream import FastStream
from faststream_sqs import FakeSQS, SQSBroker

NOT_ASKED_FOR = ("opentelemetry", "prometheus_client", "typer", "orjson", "pytest")


def build(fake: FakeSQS, handled: list[int]) -> FastStream:
    """An application over the fake that ends with its first message."""
    broker = SQSBroker(client_factory=fake.client, wait_time=1, on_missing_queue="create")
    app = FastStream(broker)

    @broker.subscriber("work")
    async def handle(number: int) -> None:
        handled.append(number)
        app.exit()

    @app.after_startup
    async def begin() -> None:
        await broker.publish(42, "work")

    return app


async def main() -> None:
    """Publish, consume, stop; fail for what is missing or too much."""
    extra = [name for name in NOT_ASKED_FOR if find_spec(name)]
    assert [] == extra, f"not asked for, but installed: {extra}"
    files = {file.name for file in distribution("faststream-sqs").files or ()}
    assert {"py.typed", "LICENSE"} <= files, "the typing marker or the licence is missing"
    handled: list[int] = []
    async with asyncio.timeout(60):
        await build(FakeSQS(), handled).run()
    assert [42] == handled
    print("installed alone, the package works")  # noqa: T201 - whoever ran it reads this


if __name__ == "__main__":
    asyncio.run(main())
