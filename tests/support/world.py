"""The in-process world: real handlers and stores on moto's tables, the real saga, a clock of its own.

One thread of service code runs at a time. Events go from the outbox through the real relay to a
recording bus, and on to the real consumers, whenever a test calls `settle()`.
"""

import importlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from kernel import identity
from kernel.events import Envelope
from kernel.table import items
from kernel.triggers import relay
from kernel.triggers.schedules import SHARDS
from tests.support import aws, moto_seams
from tests.support.faults import Crash, Faults, FunctionKilled, Mishap
from tests.support.processor import Processor
from tests.support.state_machines import create_state_machines, running, status
from tests.support.wiring import COMMANDS, PUBLISHERS, SUBSCRIPTIONS, TABLES, TASKS, RecordingBus

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST_ROUNDS = 50
PATIENCE_SECONDS = 60


class MotoWorld:
    """Everything a checkout touches, with faults where a test wants them.

    `calls` are the task calls in order; `bus.published` the events in order of publication; events of
    the types in `lost` reach nobody but the storefront.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.faults = Faults()
        self.bus = RecordingBus()
        self.zombies: list[Callable[[], object]] = []
        self.lost: set[str] = set()
        self._threads = threading.local()
        self.clock = EPOCH
        self._lock = threading.RLock()
        self._relayed: set[tuple[str, str, str]] = set()
        self._delivered = 0
        self._patch = patch
        self._install()

    def _install(self) -> None:
        for table in TABLES:  # the acquirer's comes with the processor
            aws.create_table(table)
        machines = create_state_machines()
        self.environment = {**machines, **COMMANDS}
        self._patch.setattr(identity, "now", lambda: self.clock)
        self._patch.setattr(identity, "pause", self.pass_time)
        self._patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: None))
        self._patch.setattr(relay, "bus", lambda: self.bus)
        moto_seams.install(self._patch, self.task)
        self.processor = Processor.install(self._patch)
        items.client.cache_clear()
        for write in ("TransactWriteItems", "UpdateItem", "PutItem"):
            items.client().meta.events.register(f"after-call.dynamodb.{write}", self._effect)

    # Time

    def pass_time(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)

    # Calling

    @contextmanager
    def service(self, name: str) -> Iterator[None]:
        """The environment of one service's functions, one at a time."""
        with self._lock:
            before = dict(os.environ)
            now = {**self.environment, **aws.environment(name)}
            os.environ.update(now)
            try:
                yield
            finally:
                os.environ.update({name: before.get(name, "") for name in now})

    def call(self, handler: str, event: Mapping[str, Any], *, service: str = "") -> Any:
        """Invokes a function by its handler string, as Lambda would; `service` owns a kernel handler."""
        module, _, name = handler.rpartition(".")
        function = getattr(importlib.import_module(module), name)
        owner = service or module.partition(".")[0]
        with self.service(owner):
            outer, self._threads.running = self.running, (owner, handler)
            try:
                return function(event, None)
            finally:
                self._threads.running = outer

    @property
    def running(self) -> tuple[str, str] | None:
        """Service and handler of the function that this thread runs."""
        return getattr(self._threads, "running", None)

    def http(self, service: str, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and body of one HTTP request, past the gateway."""
        answer = self.call(f"{service}.api.handler", aws.request(method, path, body, **options))
        return answer["statusCode"], json.loads(answer["body"])

    def task(self, name: str, payload: Mapping[str, Any]) -> Any:
        """One call of a task, with the fault planned for it. Raises Crash, TimeoutError."""
        self.calls.append(name)
        fault = self.faults.take(name)
        run = partial(self.call, TASKS[name], payload)
        match fault.kind if fault else None:
            case Mishap.BEFORE:
                raise Crash("Lambda.Unknown")
            case Mishap.LOST:
                run()
                raise Crash("Lambda.Unknown")
            case Mishap.ZOMBIE:
                self.zombies.append(run)
                raise TimeoutError
            case Mishap.KILLED:
                # No other thread may have an effect meanwhile: it would be killed in this one's place.
                with self._lock, self.faults.effects.limited(fault.effects):  # type: ignore[union-attr]
                    return self._until_killed(run)
            case None:
                return run()

    @staticmethod
    def _until_killed(run: Callable[[], Any]) -> Any:
        try:
            return run()
        except FunctionKilled:
            raise Crash("Runtime.ExitError") from None

    def _effect(self, http_response: Any, **_: Any) -> None:
        if http_response.status_code < 300:
            self.faults.effects.happened()

    @contextmanager
    def unreachable(self, operation: str, *, about: str) -> Iterator[None]:
        """`operation` ("sfn.StartExecution") of checkout fails before its effect when it names `about`."""

        def refuse(params: Mapping[str, Any], **_: Any) -> None:
            if about in str(params["body"]):
                raise EndpointConnectionError(endpoint_url=operation)

        events = importlib.import_module("checkout.executions").executions().meta.events
        events.register(f"before-call.{operation}", refuse)
        try:
            yield
        finally:
            events.unregister(f"before-call.{operation}", refuse)

    # Letting things happen

    def settle(self) -> None:
        """Relays, delivers and waits until nothing is left to happen."""
        for _ in range(MOST_ROUNDS):
            before = (len(self._relayed), self._delivered)
            self._relay()
            self._deliver()
            self._wait()
            if before == (len(self._relayed), self._delivered) and not self._outstanding():
                return
        raise AssertionError("the world does not come to rest")

    def release_zombies(self) -> None:
        """Lets every call that timed out run to its end now. Nobody hears its answer."""
        zombies, self.zombies = self.zombies, []
        for zombie in zombies:
            try:
                zombie()
            except Exception:  # noqa: BLE001 - a zombie may fail in any way it likes
                continue
        self.settle()

    def sweep(self, after: timedelta = timedelta(minutes=3)) -> None:
        """Lets time pass, then runs checkout's minute sweep and everything it sets off."""
        self.sweep_only(after)
        self.settle()

    def sweep_only(self, after: timedelta) -> None:
        self.clock += after
        with ExitStack() as every:  # a shard's run that fails does not hold up the others
            for shard in range(SHARDS):
                every.callback(self.call, "checkout.repair.sweep", {"shard": shard})

    def reconcile(self, after: timedelta) -> None:
        """Lets time pass, then runs checkout's hourly reconciliation."""
        self.clock += after
        self.call("payments.watch.watch", {})
        self.call("checkout.repair.reconcile", {})
        self.settle()

    def intervene(self, order_id: str, how: str, *, key: str = "", **asked: str) -> tuple[int, Any]:
        """An operator asks to resume or to resolve the order."""
        body = {"because": "the cause is gone", **asked}
        path = f"/ops/checkouts/{order_id}/{how}"
        return self.http("checkout", "POST", path, body, role="operator", customer="olga", key=key or how)

    def forget_executions(self) -> None:
        """As if 90 days had passed: every execution's name is free again."""
        self.environment |= create_state_machines(again=True)

    def _wait(self) -> None:
        """Waits until no execution is running. The lock keeps the environment unchanged meanwhile."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._busy():
            assert time.monotonic() < deadline, "an execution does not end"
            time.sleep(0.002)

    def _busy(self) -> bool:
        with self._lock:
            return running(self.environment)

    def _outstanding(self) -> list[tuple[str, dict[str, Any]]]:
        rows = [(name, row) for name in PUBLISHERS for row in aws.items(name) if row.get("kind") == "outbox"]
        return [(name, row) for name, row in rows if (name, row["pk"], row["sk"]) not in self._relayed]

    def _relay(self) -> None:
        for name, row in self._outstanding():
            record = {"eventName": "INSERT", "dynamodb": {"NewImage": items.pack(row)}}
            self.call("kernel.triggers.relay.handler", {"Records": [record]}, service=name)
            self._relayed.add((name, row["pk"], row["sk"]))

    def _deliver(self) -> None:
        for event in self.bus.published[self._delivered :]:
            self._delivered += 1
            self.deliver(event)

    def deliver(self, event: Envelope) -> None:
        """Hands one event to every function subscribed to it. A reaction that fails fails the test."""
        for handler, types in SUBSCRIPTIONS.items():
            if types is None or (event.type in types and event.type not in self.lost):
                answer = self.call(handler, aws.batch([event]))
                assert answer == {"batchItemFailures": []}, f"{handler} failed on {event.type}"

    # Observing

    def execution(self, order_id: str, later: str = "") -> str | None:
        """The status of the order's first saga, or of a later execution: "-f2", "-r"."""
        return status(self.environment, order_id + later)
