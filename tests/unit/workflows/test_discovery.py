"""Discovery: what the cloud knows is found; what must be chosen is never guessed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from alb_dr.errors import BadInput, NotFound
from alb_dr.workflows.preflight.discovery import Discovered, FoundMember, discover
from tests.fakes.cloud import FLEET, TestCloud, a_cloud, a_vswitch
from tests.fakes.voice import TellTale

pytest.importorskip("alibabacloud_alb20200616", reason="the SDKs are in the extra 'cloud'")


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    """A healthy account."""
    with a_cloud() as found:
        yield found


def found_in(cloud: TestCloud, fleet_id: str | None = None) -> Discovered:
    """What is discovered."""
    return discover(cloud.client(), fleet_id=fleet_id, narrator=TellTale())


def test_fleet_members_and_vswitches_are_found(cloud: TestCloud) -> None:
    found = found_in(cloud)
    assert found.fleet.id == FLEET
    assert found.members == (
        FoundMember(id="c1", name="poc-ack-1", zone="cn-hongkong-b"),
        FoundMember(id="c2", name="poc-ack-2", zone="cn-hongkong-c"),
    )
    assert [v.id for v in found.vswitches] == ["vsw-1", "vsw-2"]


def test_the_roomiest_vswitch_of_the_members_zones_is_chosen(cloud: TestCloud) -> None:
    cloud.change(
        vswitches=(
            *cloud.state.vswitches,
            a_vswitch("vsw-roomy", "c", 3, free_addresses=240),
            a_vswitch("vsw-elsewhere", "d", 4, free_addresses=250),
            a_vswitch("vsw-full", "b", 5, free_addresses=3),
            a_vswitch("vsw-pending", "b", 6, free_addresses=250, status="Pending"),
            a_vswitch("vsw-other-vpc", "b", 7, free_addresses=250, vpc_id="vpc-9"),
        )
    )
    assert [v.id for v in found_in(cloud).vswitches] == ["vsw-1", "vsw-roomy"]


def test_members_in_one_zone_get_a_second_zone_all_the_same(cloud: TestCloud) -> None:
    cloud.change(vswitches=(a_vswitch("vsw-1", "b"), a_vswitch("vsw-9", "d", 9)))
    found = found_in(cloud)
    assert [m.zone for m in found.members] == ["cn-hongkong-b", ""]
    assert [v.zone_id for v in found.vswitches] == ["cn-hongkong-b", "cn-hongkong-d"]


def test_no_two_zones_is_said_with_what_to_create(cloud: TestCloud) -> None:
    cloud.change(alb_zones=("cn-hongkong-b", "cn-hongkong-x"))
    with pytest.raises(NotFound, match="vpc-1 has no usable vSwitches in two zones") as caught:
        found_in(cloud)
    assert caught.value.hint == (
        "create one with 8 free addresses in each of two of: cn-hongkong-b, cn-hongkong-x"
    )


def test_several_fleets_are_listed_and_one_can_be_named(cloud: TestCloud) -> None:
    second = dataclasses.replace(cloud.state.fleets[0], id="cother", name="other")
    cloud.change(fleets=(*cloud.state.fleets, second))
    with pytest.raises(BadInput, match="several Fleets") as caught:
        found_in(cloud)
    assert caught.value.hint == (
        "name one with --fleet: cfleet (fleet, running), cother (other, running)"
    )
    assert found_in(cloud, "fleet").fleet.id == FLEET
    with pytest.raises(NotFound, match="no Fleet is called nobody"):
        found_in(cloud, "nobody")


def test_a_fleet_that_does_not_run_is_not_taken(cloud: TestCloud) -> None:
    cloud.change(fleets=(dataclasses.replace(cloud.state.fleets[0], state="inactive"),))
    with pytest.raises(NotFound, match="no running Fleet"):
        found_in(cloud)


def test_an_unhealthy_member_is_left_out_aloud(cloud: TestCloud) -> None:
    healthy, broken = cloud.state.associated[FLEET]
    broken = dataclasses.replace(broken, association="Failed")
    cloud.change(associated={FLEET: (healthy, broken)})
    voice = TellTale()
    with pytest.raises(NotFound, match="has 1 healthy members, two are needed"):
        discover(cloud.client(), fleet_id=None, narrator=voice)
    assert voice.warnings == ["poc-ack-2 (c2) is left out: it is running, Failed"]
