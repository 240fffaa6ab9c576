"""Shows Settle working on this machine: `make demo`.

Starts or reuses the emulator, deploys, and plays the walkthroughs through API Gateway. Exits non-zero when a
walkthrough does not end as expected. The emulator stays up for the `curl` lines; `make stop` ends it.
"""

import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from localstack.machine import deploy, emulator
from localstack.shop.deployed import DeployedShop
from localstack.shop.seed import CUSTOMER, Seed, seed
from localstack.shop.walkthrough import Tell, Walkthrough, WalkthroughResult
from localstack.shop.walkthroughs import WALKTHROUGHS, play


class ProgressPrinter:
    """Prints each step as it happens. On a terminal a spinner shows the step that is waited for."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        if not self.console.is_terminal:
            self.console.width = 120
        self.began = time.monotonic()

    @contextmanager
    def part(self, title: str) -> Iterator[Tell]:
        self.console.print(f"\n[bold]{title}[/bold]")
        with self.console.status(f"{title} …") as status:

            def tell(step: str) -> None:
                self.console.print(f"  {step}")
                status.update(f"{title}: {step.strip()} …")

            yield tell

    def elapsed(self) -> float:
        return time.monotonic() - self.began


def set_up(printer: ProgressPrinter) -> tuple[DeployedShop, Seed]:
    with printer.part("Setting up") as tell:
        found = emulator.running()
        made = found or emulator.start()
        tell(f"emulator {'reused' if found else 'started'} at {made.endpoint} (pid {made.pid}), IAM enforced")
        deployment = deploy.deploy(made.endpoint, emulator.STATE, say=tell)
        tell(f"deployed after {printer.elapsed():.0f} s: {deployment.api}")
        shop = DeployedShop(deployment)
        return shop, seed(shop, tell)


def play_all(printer: ProgressPrinter, shop: DeployedShop, seeded: Seed) -> list[WalkthroughResult]:
    results = []
    for number, (title, plan) in enumerate(WALKTHROUGHS, 1):
        with printer.part(f"{title} ({number}/{len(WALKTHROUGHS)})") as tell:
            result = play(Walkthrough(shop, seeded, title, tell), plan)
            tell(
                f"in the end: order {result.order}; payment {result.payment}; stock {result.stock or 'same'}"
            )
            for unmet in result.unmet:
                tell(f"[red]NOT AS EXPECTED: {unmet}[/red]")
            results.append(result)
    return results


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


def table(results: list[WalkthroughResult]) -> Table:
    shown = Table(title="Accepted until final, and what is true then", title_justify="left")
    for heading in ("walkthrough", "", "order", "available / taken", "payment", "time"):
        shown.add_column(heading, justify="right" if heading == "time" else "left", overflow="fold")
    for each in results:
        verdict = "FAILED" if each.unmet else "ok"
        shown.add_row(each.title, verdict, each.order, each.stock, each.payment, _time(each.seconds))
    return shown


def curl_lines(shop: DeployedShop, seeded: Seed, results: list[WalkthroughResult]) -> list[str]:
    """Commands to try by hand, ready for a shell."""
    api = shop.deployment.api
    order = next((each.order_id for each in results if each.order_id), "ORDER")
    lines = [{"sku": seeded.skus["Fuji"], "quantity": 1}]
    body = json.dumps({"lines": lines, "payment_method": seeded.methods["pm_approve"]})
    person = next((each.person for each in results if each.person), "PERSON")
    tokens = f"{shlex.quote(sys.executable)} -m localstack.machine.tokens"
    curl = 'curl -s -H "Authorization: Bearer $TOKEN"'
    return [
        f"TOKEN=$({tokens} {CUSTOMER})",
        f"{curl} {api}/orders/{order}",
        f"{curl} {api}/storefront/orders/{order}",
        f"{curl} {api}/storefront/me/orders",
        f"{curl} -H 'Idempotency-Key: by-hand' -d '{body}' {api}/checkout",
        f"TOKEN=$({tokens} {person}) && {curl} {api}/customers/me",
    ]


def main() -> int:
    printer = ProgressPrinter()
    shop, seeded = set_up(printer)
    results = play_all(printer, shop, seeded)
    printer.console.print()
    printer.console.print(table(results))
    printer.console.print("\nTo try by hand (make stop ends the emulator):")
    for line in curl_lines(shop, seeded, results):
        print(line)
    failed = sum(bool(each.unmet) for each in results)
    print(f"\n{len(results) - failed} as expected, {failed} not; the demo took {printer.elapsed():.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
