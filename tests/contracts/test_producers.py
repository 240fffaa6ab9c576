"""Producers: every event class has its sample, writes exactly that sample, and reads it back."""

import importlib
import importlib.util
import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from kernel import identity
from kernel.events import Event, seal
from tests.architecture.source import services
from tests.contracts import samples

ATTRIBUTES = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataversion"]
ATTRIBUTES += ["sequence", "correlationid", "causationid", "data"]
# The kind of record that each service's events are about.
AGGREGATES = {"catalog": "product", "orders": "order", "inventory": "reservation", "payments": "payment"}
AGGREGATES |= {"customers": "customer"}
# Events that no order sets off. They are correlated with what they are about.
ALONE = {"inventory.StockAdjusted.v1": "adjustment", "payments.WalletChanged.v1": "wallet"}
PRIVATE = re.compile(r"\b(?:pi_|pm_|tok_|card|number|cvc|email|address|phone|name)", re.IGNORECASE)


def published() -> Iterator[tuple[str, type[Event]]]:
    for service in services():
        if importlib.util.find_spec(f"{service}.events") is None:
            continue
        module = importlib.import_module(f"{service}.events")
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, Event) and found is not Event:
                yield service, found


CLASSES = {f"{service}.{kind.__name__}.v{kind.version}": kind for service, kind in published()}


def test_every_event_class_has_a_sample_of_its_version() -> None:
    assert sorted(set(CLASSES) - set(samples.names())) == []


def test_every_sample_has_a_class_of_its_version_or_of_a_later_one() -> None:
    latest = {name.rpartition(".v")[0]: int(name.rpartition(".v")[2]) for name in CLASSES}
    for name in samples.names():
        kind, _, version = name.rpartition(".v")
        assert 1 <= int(version) <= latest.get(kind, 0), name


def test_every_released_version_of_an_event_has_a_sample() -> None:
    missing = [
        f"{kind}.v{version}"
        for kind, _, latest in (name.rpartition(".v") for name in CLASSES)
        for version in range(1, int(latest) + 1)
        if f"{kind}.v{version}" not in samples.names()
    ]
    assert missing == []


def test_no_two_types_of_events_have_one_name() -> None:
    kinds = [kind for _, kind in published()]
    assert len({kind.__name__ for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("name", sorted(set(CLASSES) & set(samples.names())))
def test_a_producer_writes_exactly_its_sample_and_reads_it_back(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, kind = samples.sample(name), CLASSES[name]
    monkeypatch.setattr(identity, "now", lambda: datetime.fromisoformat(sample["time"]))
    fact = kind.model_validate(sample["data"])
    written = seal(
        fact,
        source=sample["source"],
        subject=sample["subject"],
        sequence=sample["sequence"],
        correlation=sample["correlationid"],
        cause=sample["causationid"],
    )
    assert written.model_dump(mode="json") == sample
    assert list(written.model_dump(mode="json")["data"]) == list(sample["data"])
    assert kind.model_validate(written.data) == fact
    assert samples.envelope(name) == written


@pytest.mark.parametrize("name", sorted(set(CLASSES) & set(samples.names())))
def test_an_event_has_exactly_the_fields_of_its_sample(name: str) -> None:
    data, kind = samples.sample(name)["data"], CLASSES[name]
    assert set(kind.model_fields) == set(data)
    assert [field for field, told in kind.model_fields.items() if not told.is_required()] == []
    for field in data:
        with pytest.raises(ValueError, match=field):
            kind.model_validate({one: value for one, value in data.items() if one != field})
    with pytest.raises(ValueError, match="surprise"):
        kind.model_validate({**data, "surprise": 1})


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_no_event_has_a_field_for_text_that_a_person_typed(kind: type[Event]) -> None:
    assert {"because", "why", "note", "comment", "label", "message"} & set(kind.model_fields) == set()


@pytest.mark.parametrize("name", samples.names())
def test_an_envelope_has_the_cloudevents_names_and_is_about_what_its_service_owns(name: str) -> None:
    service, kind, version = name.split(".")
    sample = samples.sample(name)
    assert list(sample) == ATTRIBUTES
    assert (sample["specversion"], sample["datacontenttype"]) == ("1.0", "application/json")
    assert (sample["source"], sample["type"]) == (f"settle.{service}", kind)
    assert f"v{sample['dataversion']}" == version
    about, _, which = sample["subject"].partition("/")
    assert about == ALONE.get(name, AGGREGATES[service])
    is_alone = service in ("catalog", "customers") or name in ALONE
    assert sample["correlationid"] == (sample["subject"] if is_alone else which)
    assert sample["id"] == identity.derive(sample["source"], sample["subject"], sample["sequence"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", sample["time"])


@pytest.mark.parametrize("name", [name for name in samples.names() if not name.startswith("catalog.")])
def test_no_event_of_an_order_tells_who_a_person_is_or_how_they_pay(name: str) -> None:
    allowed = {"reason": "card_declined"}
    told = {key: value for key, value in samples.sample(name)["data"].items() if allowed.get(key) != value}
    assert PRIVATE.findall(repr(told)) == []
