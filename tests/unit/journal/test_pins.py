"""Pins: a kubeconfig that names another cluster than before is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from alb_dr.errors import BadInput, Refused
from alb_dr.journal.pins import Pins
from alb_dr.ports import ApiIdentity


def cluster(uid: str, server: str = "https://a:6443", ca: str = "1") -> ApiIdentity:
    return ApiIdentity(cluster_uid=uid, server=server, ca_sha256=ca, user="")


@pytest.fixture
def pins(tmp_path: Path) -> Pins:
    return Pins(tmp_path, tmp_path / "alb-dr.yaml")


def test_F63_the_wrong_cluster_is_refused_naming_both(pins: Pins) -> None:
    pins.confirm("Fleet", cluster("u1"), accept=False)
    pins.confirm("Fleet", cluster("u1"), accept=False)
    with pytest.raises(Refused) as caught:
        pins.confirm("Fleet", cluster("u2", "https://b:6443"), accept=False)
    assert "u2 at https://b:6443" in caught.value.message
    assert "u1 at https://a:6443" in caught.value.message
    assert caught.value.code == "ADR-OTHER-CLUSTER"


def test_F63_a_cluster_that_is_accepted_is_the_right_one_from_then_on(pins: Pins) -> None:
    pins.confirm("Fleet", cluster("u1"), accept=False)
    pins.confirm("Fleet", cluster("u2"), accept=True)
    pins.confirm("Fleet", cluster("u2"), accept=False)
    with pytest.raises(Refused):
        pins.confirm("Fleet", cluster("u1"), accept=False)


def test_an_address_or_an_authority_may_change(pins: Pins) -> None:
    pins.confirm("Fleet", cluster("u1"), accept=False)
    pins.confirm("Fleet", cluster("u1", "https://new:6443", "2"), accept=False)


def test_F65_two_members_are_not_one_cluster(pins: Pins) -> None:
    pins.confirm("poc-ack-1", cluster("u1"), accept=False)
    with pytest.raises(Refused) as caught:
        pins.confirm("poc-ack-2", cluster("u1"), accept=False)
    assert "poc-ack-2 and poc-ack-1 are the same cluster" in caught.value.message
    assert caught.value.code == "ADR-SAME-CLUSTER"


def test_each_project_file_has_its_own_clusters(pins: Pins, tmp_path: Path) -> None:
    pins.confirm("Fleet", cluster("u1"), accept=False)
    Pins(tmp_path, tmp_path / "other.yaml").confirm("Fleet", cluster("u2"), accept=False)


def test_what_is_forgotten_is_pinned_anew(pins: Pins) -> None:
    pins.confirm("Fleet", cluster("u1"), accept=False)
    pins.forget()
    pins.confirm("Fleet", cluster("u2"), accept=False)


def test_pins_are_private_and_a_damaged_file_is_no_permission(pins: Pins, tmp_path: Path) -> None:
    pins.confirm("Fleet", cluster("u1"), accept=False)
    (file,) = (tmp_path / "pins").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for text in ("{", "[]", '{"clusters": {"Fleet": {}}}', '{"clusters": {"Fleet": null}}'):
        file.write_text(text)
        with pytest.raises(BadInput, match="cannot be read"):
            pins.confirm("Fleet", cluster("u1"), accept=False)
