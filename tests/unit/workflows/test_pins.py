"""Pins: one header to one member, seen to work, and never forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alb_dr.errors import BadInput, Conflict, NotFound, Refused
from alb_dr.model.manifest import INGRESS, Manifest, ResourceId
from alb_dr.model.pin import Pin, parse_header
from alb_dr.render.annotations import weights_of
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render_pin
from alb_dr.render.variables import pin_name
from alb_dr.workflows.delivery.apply import ApplyChoices, apply
from alb_dr.workflows.delivery.pins import (
    check_pin,
    live_pins,
    own_pins,
    pin_of,
    pin_words,
    unpin,
)
from tests.builders import PROJECT, a_topology
from tests.fakes.fleet import a_fleet
from tests.fakes.kube import FakeKube
from tests.fakes.voice import TellTale

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_pin(**changes: object) -> Pin:
    """X-Cluster=green to the second member, for an hour."""
    values: dict[str, object] = {
        "member": "c2",
        "header": "X-Cluster",
        "value": "green",
        "expires": NOW + timedelta(hours=1),
    }
    return Pin(**(values | changes))  # type: ignore[arg-type]


def pinned(api: FakeKube, pin: Pin | None = None) -> Manifest:
    """Make a pin; its manifest."""
    wanted = pin or a_pin()
    manifests = render_pin(a_topology(), template_library(), wanted)
    check_pin(a_topology(), wanted, api)
    apply(manifests, api=api, choices=ApplyChoices(), narrator=TellTale())
    (made,) = manifests
    return made


def test_F73_why_a_pin_was_made_is_said_with_it_and_printed_safely() -> None:
    api = a_fleet()
    pinned(api, a_pin(reason="release 7\x1b[2J"))
    (found,) = live_pins(a_topology(), api)
    assert pin_words(a_topology(), found).endswith("+00:00: release 7[2J")


def test_a_pin_is_an_ingress_ahead_of_the_weighted_one() -> None:
    made = pinned(a_fleet())
    prefix = "alb.ingress.kubernetes.io/"
    assert made.id.name == "web-demo-pin-poc-ack-2"
    assert made.annotations[f"{prefix}canary-by-header"] == "X-Cluster"
    assert made.annotations[f"{prefix}canary-by-header-value"] == "green"
    assert made.annotations[f"{prefix}order"] == "1"
    assert weights_of(made.annotations) == {"c1": "0", "c2": "100"}


def test_a_pin_is_read_back_and_taken_away() -> None:
    api = a_fleet()
    pinned(api)
    (found,) = live_pins(a_topology(), api)
    assert found.pin == a_pin()
    assert pin_words(a_topology(), found).startswith("X-Cluster=green is pinned to poc-ack-2")
    assert [id_.name for id_ in unpin([found], fleet=api, dry_run=False)] == [
        "web-demo-pin-poc-ack-2"
    ]
    assert live_pins(a_topology(), api) == ()


def test_only_what_we_made_is_ours_to_remove() -> None:
    api = a_fleet()
    made = pinned(api)
    metadata = {**made.metadata, "name": "web-demo-pin-theirs"}
    theirs = ResourceId(kind=INGRESS, name="web-demo-pin-theirs", namespace="gateway-demo")
    document = {**made.document, "metadata": metadata}
    api.as_manager("kubectl").create(Manifest(id=theirs, document=document))
    assert [m.id.name for m in own_pins(a_topology(), api)] == ["web-demo-pin-poc-ack-2"]


def test_a_header_leads_to_one_member_only() -> None:
    api = a_fleet()
    pinned(api)
    with pytest.raises(Conflict, match="X-Cluster=green is pinned to poc-ack-2"):
        pinned(api, a_pin(member="c1", header="x-cluster"))
    pinned(api, a_pin(member="c1", value="blue"))
    assert len(live_pins(a_topology(), api)) == 2


def test_without_the_weighted_ingress_there_is_no_pin() -> None:
    with pytest.raises(NotFound, match="does not exist"):
        pinned(a_fleet(applied=False))


def test_an_expired_pin_is_not_used_and_can_be_swept() -> None:
    api = a_fleet()
    pinned(api)
    (found,) = live_pins(a_topology(), api)
    later = NOW + timedelta(hours=2)
    assert not found.is_over(NOW)
    assert found.is_over(later)
    assert pin_of(a_topology(), "poc-ack-2", fleet=api, now=NOW).pin == a_pin()
    with pytest.raises(Refused, match="which is over"):
        pin_of(a_topology(), "poc-ack-2", fleet=api, now=later)
    with pytest.raises(NotFound, match="nothing is pinned to poc-ack-1"):
        pin_of(a_topology(), "poc-ack-1", fleet=api, now=NOW)


def test_a_pin_somebody_garbled_is_listed_all_the_same() -> None:
    api = a_fleet()
    made = pinned(api)
    path = "/metadata/annotations/alb-dr.io~1pin-expires"
    api.patch(made.id, [{"op": "replace", "path": path, "value": "tomorrow"}])
    (found,) = live_pins(a_topology(), api)
    assert found.pin is None
    assert "cannot be read" in pin_words(a_topology(), found)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Host", "x"),
        ("X Cluster", "x"),
        ("X-Cluster", ""),
        ("X-Cluster", "a b"),
        ("X-Cluster", 'a"\n'),
        ("Cookie", "a"),
        ("X-Cluster", "é"),
    ],
)
def test_F70_what_is_no_plain_header_is_refused(header: str, value: str) -> None:
    with pytest.raises(BadInput):
        a_pin(header=header, value=value)


def test_a_header_is_typed_with_its_value() -> None:
    assert parse_header("X-Cluster=green=1") == ("X-Cluster", "green=1")
    with pytest.raises(BadInput, match="no header with a value"):
        parse_header("X-Cluster")


def test_a_member_whose_name_is_none_for_kubernetes_is_named_by_id() -> None:
    text = PROJECT.replace("poc-ack-2", "Poc_ACK")
    assert pin_name(a_topology(text), "c2") == "web-demo-pin-c2"
