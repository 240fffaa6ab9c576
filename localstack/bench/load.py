"""The load: customers who check out one product each, one after the other or all at once."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from localstack.bench import meter
from localstack.bench.meter import Reading
from localstack.bench.side import Side
from localstack.machine import aws
from localstack.shop.client import Settle, fresh_key
from localstack.shop.deployed import FINAL, PATIENCE_SECONDS, NeverHappened, expect
from localstack.shop.seed import PRICE

LOOK_SECONDS = 0.02
QUIET_SECONDS = 1.5
ENDED = ("OrderConfirmed", "OrderCancelled", "OrderParked")


@dataclass(frozen=True)
class Sample:
    """One checkout, in seconds since 1970: sent, accepted, final."""

    sent: float
    accepted: float
    final: float


@dataclass(frozen=True)
class Measured:
    """What a phase showed: each checkout, and what the emulator counted until nothing moved any more."""

    samples: tuple[Sample, ...]
    counted: Reading


@dataclass(frozen=True)
class Sent:
    order_id: str
    sent: float
    accepted: float


class Load:
    """The clients of one side. Each has a product of its own, so that no order waits for another's stock."""

    def __init__(self, side: Side, clients: int) -> None:
        self.side = side
        self.clients = clients
        self.customer: Settle = side.shop.customer("bench")
        self.method = side.shop.method("bench", "pm_approve")
        self.skus = [side.shop.new_product(PRICE, 1_000_000) for _ in range(clients)]
        for sku in self.skus:
            side.shop.on_sale(sku, PRICE)

    @cached_property
    def _tables(self) -> Any:
        return aws.client("dynamodb", self.side.machine.endpoint)

    def closed_loop(self, checkouts: int) -> Measured:
        """Each client waits for the end of its order before it sends the next."""
        each = checkouts // self.clients

        def shop(sku: str) -> list[Sent]:
            return [self._until_final(self._send(sku)) for _ in range(each)]

        return self._measured(lambda pool: [sent for sents in pool.map(shop, self.skus) for sent in sents])

    def burst(self, checkouts: int) -> Measured:
        """All are sent as fast as the clients can."""
        wanted = [self.skus[number % self.clients] for number in range(checkouts)]
        return self._measured(lambda pool: list(pool.map(self._send, wanted)))

    def _measured(self, play: Callable[[ThreadPoolExecutor], Sequence[Sent]]) -> Measured:
        before = self._quiet()
        with ThreadPoolExecutor(self.clients) as pool:
            sent = play(pool)
        for one in sent:
            self._until_final(one)
        counted = self._quiet().since(before)
        return Measured(tuple(map(self._sample, sent)), counted)

    def _send(self, sku: str) -> Sent:
        began = time.time()
        answer = self.customer.checkout(sku, 1, self.method, key=fresh_key())
        return Sent(expect(answer, 202)["order_id"], began, time.time())

    def _until_final(self, sent: Sent) -> Sent:
        """Looks into the table, since a look through the API would be counted with the checkout."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        key = {"pk": {"S": f"order#{sent.order_id}"}, "sk": {"S": "order"}}
        table = self.side.shop.deployment.outputs["SettleOrders"]["TableName"]
        while self._tables.get_item(TableName=table, Key=key)["Item"]["status"]["S"] not in FINAL:
            if time.monotonic() > deadline:
                raise NeverHappened(f"order {sent.order_id} has not ended")
            time.sleep(LOOK_SECONDS)
        return sent

    def _quiet(self) -> Reading:
        """The reading once no function has asked for anything for QUIET_SECONDS."""
        last = meter.read(self.side.machine)
        while True:
            time.sleep(QUIET_SECONDS)
            if (now := meter.read(self.side.machine)).calls == last.calls:
                return now
            last = now

    def _sample(self, sent: Sent) -> Sample:
        """The end is the time that the order's last event gives."""
        history = expect(self.side.shop.operator.history(sent.order_id), 200)
        (final,) = (step["time"] for step in history["timeline"] if step["type"] in ENDED)
        return Sample(sent.sent, sent.accepted, datetime.fromisoformat(final).timestamp())
