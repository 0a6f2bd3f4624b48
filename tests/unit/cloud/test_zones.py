"""Zones out of DNS and back through the real SDK, against the stand-in cloud that verifies it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from alb_dr.errors import AlbDrError, Forbidden, OutcomeUnknown, Rejected, Unreachable
from alb_dr.model.cloud import AlbZone, ZoneState
from alb_dr.sandbox.cloud.faults import CloudFault
from tests.fakes.cloud import TestCloud, a_cloud

pytest.importorskip("alibabacloud_alb20200616", reason="the SDKs are in the extra 'cloud'")

ALB = "alb-1"


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    """A healthy account."""
    with a_cloud() as found:
        yield found


def zones(cloud: TestCloud) -> dict[str, str]:
    """The states, as the reading adapter sees them."""
    return {zone.id[-1]: zone.state for zone in cloud.client().load_balancer(ALB).zones}


def the_zone(cloud: TestCloud, letter: str = "c") -> AlbZone:
    found = cloud.state.load_balancers[ALB].zone(f"cn-hongkong-{letter}")
    assert found is not None
    return found


def refused(cloud: TestCloud, zone: AlbZone, **words: bool) -> AlbDrError:
    """The error of starting a shift."""
    with pytest.raises(AlbDrError) as caught:
        cloud.switch().start_shift(ALB, zone, token="t", **words)
    return caught.value


def test_a_zone_goes_and_comes_back(cloud: TestCloud) -> None:
    switch, zone = cloud.switch(), the_zone(cloud)
    switch.start_shift(ALB, zone, token="out")
    assert zones(cloud) == {"b": "Active", "c": "Shifted"}
    switch.cancel_shift(ALB, zone, token="back")
    assert zones(cloud) == {"b": "Active", "c": "Active"}


def test_on_its_way_it_has_the_states_of_the_way(cloud: TestCloud) -> None:
    arrive = []
    cloud.state.zones.later = lambda _seconds, do: arrive.append(do)
    switch, zone = cloud.switch(), the_zone(cloud)
    switch.start_shift(ALB, zone, token="out")
    assert zones(cloud)["c"] == "Stopping"
    arrive.pop()()
    switch.cancel_shift(ALB, zone, token="back")
    assert zones(cloud)["c"] == "Starting"


def test_a_dry_run_that_passes_changes_nothing(cloud: TestCloud) -> None:
    """The cloud says so by the error code DryRunOperation."""
    cloud.switch().start_shift(ALB, the_zone(cloud), token="dry", dry_run=True)
    assert zones(cloud) == {"b": "Active", "c": "Active"}
    cloud.state.zones.put(ALB, "cn-hongkong-c", ZoneState.SHIFTED)
    cloud.switch().cancel_shift(ALB, the_zone(cloud), token="dry", dry_run=True)
    assert zones(cloud)["c"] == "Shifted"


def test_a_dry_run_answered_as_success_is_not_believed(
    cloud: TestCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alb_dr.sandbox.cloud.shift_actions._pass_dry_run", lambda _p: None)
    error = refused(cloud, the_zone(cloud), dry_run=True)
    assert isinstance(error, OutcomeUnknown)
    assert "a dry run was answered as if it were none" in error.message


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_last_zone_is_refused(cloud: TestCloud, dry_run: bool) -> None:
    cloud.switch().start_shift(ALB, the_zone(cloud, "b"), token="out")
    error = refused(cloud, the_zone(cloud, "c"), dry_run=dry_run)
    assert isinstance(error, Rejected)
    assert "only available zone" in error.message


def test_what_is_no_zone_of_it_is_refused(cloud: TestCloud) -> None:
    zone = the_zone(cloud)
    for wrong in (
        dataclasses.replace(zone, id="cn-hongkong-x"),
        dataclasses.replace(zone, vswitch_id="vsw-1"),
    ):
        assert "is no zone of alb-1" in refused(cloud, wrong).message


def test_dynamic_addresses_are_refused(cloud: TestCloud) -> None:
    balancer = dataclasses.replace(cloud.state.load_balancers[ALB], address_mode="Dynamic")
    cloud.change(load_balancers={ALB: balancer})
    assert "does not have static addresses" in refused(cloud, the_zone(cloud)).message


def test_a_zone_in_another_state_is_refused(cloud: TestCloud) -> None:
    cloud.state.zones.put(ALB, "cn-hongkong-c", ZoneState.SHIFTED)
    assert "is Shifted" in refused(cloud, the_zone(cloud)).message
    with pytest.raises(Rejected, match="is Active"):
        cloud.switch().cancel_shift(ALB, the_zone(cloud, "b"), token="t")


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_ALB_that_a_service_manages_says_so(cloud: TestCloud, dry_run: bool) -> None:
    cloud.server.faults.inject(CloudFault(name="managed"))
    error = refused(cloud, the_zone(cloud), dry_run=dry_run)
    assert (type(error), error.code) == (Rejected, "ADR-CLOUD-MANAGED")
    assert zones(cloud) == {"b": "Active", "c": "Active"}, "reading goes on"


def test_a_missing_right_names_the_ram_action(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="forbidden"))
    error = refused(cloud, the_zone(cloud), dry_run=True)
    assert isinstance(error, Forbidden)
    assert "alb:StartShiftLoadBalancerZones" in str(error.hint)


def test_F32_one_token_is_one_request(cloud: TestCloud) -> None:
    """The answer of the first is lost on the way; the second is not a second shift."""
    switch, zone = cloud.switch(), the_zone(cloud)
    switch.start_shift(ALB, zone, token="same")
    switch.start_shift(ALB, zone, token="same")
    assert zones(cloud)["c"] == "Shifted"


def test_F33_throttling_is_waited_for(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="throttling", times=2))
    cloud.switch().start_shift(ALB, the_zone(cloud), token="out")
    assert zones(cloud)["c"] == "Shifted"


def test_F31_silence_ends_at_the_deadline(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="slow", delay_s=10))
    with pytest.raises(Unreachable, match="no answer in time"):
        cloud.switch(timeout_s=0.6).start_shift(ALB, the_zone(cloud), token="out")
