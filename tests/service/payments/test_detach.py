"""A payment method is detached at the processor, and what is not attached there counts as detached."""

import pytest

from payments import adapters
from payments.provider import PaymentProvider, ProcessorConfused
from tests.support.processor import Processor, answered

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


@pytest.fixture
def provider(processor: Processor) -> PaymentProvider:
    return adapters.provider()


def test_a_method_is_detached_and_a_method_of_nobody_is_so_already(provider: PaymentProvider) -> None:
    provider.detach("pm_approve__alice")
    provider.detach("pm_approve__alice")
    provider.detach("pm_approve")


def test_a_method_that_stays_attached_is_no_success(provider: PaymentProvider, processor: Processor) -> None:
    processor.disturb("detach", answered(400, b'{"error": {"type": "invalid_request_error"}}'))
    with pytest.raises(ProcessorConfused):
        provider.detach("pm_approve__alice")


def test_a_method_that_the_processor_does_not_know_has_nothing_to_detach(
    provider: PaymentProvider, processor: Processor
) -> None:
    processor.disturb("detach", answered(404, b'{"error": {"code": "resource_missing"}}'))
    provider.detach("pm_unknown")
    assert processor.calls == ["detach"]
