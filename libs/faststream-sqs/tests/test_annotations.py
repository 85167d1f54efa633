"""What a handler may ask for, and what it is told when it asks wrongly."""

from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest
from faststream.exceptions import SetupError
from faststream_sqs import SQSBroker, SQSRouter
from faststream_sqs.message import SQSBatchMessage, SQSMessage

MakeBroker = Callable[..., SQSBroker]


pytestmark = pytest.mark.skipif(
    version("faststream") in {"0.7.6", "0.7.7"}, reason="FastStream looks at these annotations from 0.7.8 on"
)


@pytest.mark.parametrize(
    ("hint", "batch", "meant"),
    [
        pytest.param(SQSMessage, False, "faststream_sqs.SQSMessage", id="message"),
        pytest.param(SQSBroker, False, "faststream_sqs.annotations.SQSBroker", id="broker"),
        pytest.param(SQSBatchMessage, True, "faststream_sqs.SQSBatchMessage", id="batch"),
    ],
)
async def test_a_class_in_place_of_its_annotation(
    make_broker: MakeBroker, hint: Any, *, batch: bool, meant: str
) -> None:
    """A handler annotated with a class is told at the start which annotation it needs."""
    broker = make_broker()

    @broker.subscriber("work", batch=batch)
    async def handle(body: str, message: hint) -> None: ...

    with pytest.raises(SetupError, match=f"`{meant}`"):
        await broker.start()


async def test_classes_of_ones_own(make_broker: MakeBroker) -> None:
    """`underlying_driver_annotations` adds classes that a handler must not ask for."""
    broker = make_broker(underlying_driver_annotations={Decimal: "app.Price"})

    @broker.subscriber("work")
    async def handle(body: str, price: Decimal) -> None: ...

    with pytest.raises(SetupError, match=r"app\.Price"):
        await broker.start()


async def test_classes_of_a_routers_own(make_broker: MakeBroker) -> None:
    """A router may add some for its own handlers."""
    router = SQSRouter(underlying_driver_annotations={Decimal: "app.Price"})

    @router.subscriber("work")
    async def handle(body: str, price: Decimal) -> None: ...

    broker = make_broker()
    broker.include_router(router)

    with pytest.raises(SetupError, match=r"app\.Price"):
        await broker.start()
