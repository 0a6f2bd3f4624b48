"""Flags and live state made into what `verify` measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alb_dr.cli.durations import seconds_of
from alb_dr.cli.report_files import ReportFiles
from alb_dr.cli.verify_request import (
    DEFAULT_PATIENCE,
    Flags,
    address_without_fleet,
    echo_warning,
    expected_weights,
    headers_of,
    live_weights,
    load_of,
    question_of,
    target_of,
)
from alb_dr.errors import BadInput, Conflict
from alb_dr.model.load import ClosedLoad, OpenLoad
from alb_dr.model.manifest import Manifest
from tests.builders import a_topology

TOPOLOGY = a_topology()
KEY = "alb.ingress.kubernetes.io/cluster-weight."


def a_live_ingress(**weights: str) -> Manifest:
    """The live Ingress with these weights by member id."""
    return Manifest.of({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": "web-demo", "namespace": "gateway-demo",
            "annotations": {KEY + member: weight for member, weight in weights.items()},
        },
    })  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "load"),
    [
        ({}, ClosedLoad(requests=500, concurrency=16)),
        ({"requests": 9, "concurrency": 2}, ClosedLoad(requests=9, concurrency=2)),
        ({"until_decided": True}, ClosedLoad(requests=DEFAULT_PATIENCE, concurrency=16)),
        ({"rate": 50.0, "duration_s": 3.0}, OpenLoad(rate=50, duration_s=3)),
        ({"rate": 50.0}, OpenLoad(rate=50, duration_s=10)),
        ({"rate": 50.0, "requests": 100}, OpenLoad(rate=50, duration_s=2)),
    ],
)
def test_flags_make_a_load(flags: dict[str, Any], load: object) -> None:
    assert load_of(Flags(**flags)) == load


@pytest.mark.parametrize(
    "flags",
    [
        {"duration_s": 3.0}, {"rate": 5.0, "concurrency": 3}, {"requests": 0},
        {"rate": 5.0, "duration_s": 3.0, "requests": 3}, {"rate": 1e9, "duration_s": 1.0},
        {"requests": 10**9}, {"rate": -1.0}, {"concurrency": 100_000},
        {"rate": 1.0, "duration_s": 1e9},
    ],
)  # fmt: skip
def test_F82_loads_that_contradict_themselves_or_attack_are_refused(flags: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        load_of(Flags(**flags))


def test_a_decision_has_a_tolerance_even_when_none_was_said() -> None:
    weights = TOPOLOGY.weights
    assert question_of(Flags(until_decided=True), TOPOLOGY, weights).tolerance == 0.05
    assert question_of(Flags(), TOPOLOGY, weights).tolerance is None
    said = question_of(Flags(tolerance=2.0, confidence=99.0), TOPOLOGY, weights)
    assert (said.tolerance, said.confidence) == (0.02, 0.99)
    assert said.weights == (0.2, 0.8)


@pytest.mark.parametrize("text", ["30 70", "30,70", "poc-ack-2=70 poc-ack-1=30", "c1=30, c2=70"])
def test_expected_weights_are_said_in_several_ways(text: str) -> None:
    assert expected_weights(text, TOPOLOGY).as_dict() == {"c1": 30, "c2": 70}


def test_live_weights_are_read_a_missing_one_is_zero() -> None:
    assert live_weights(a_live_ingress(c1="20", c2="80"), TOPOLOGY).as_dict()["c1"] == 20
    assert live_weights(a_live_ingress(c2="100"), TOPOLOGY).as_dict()["c1"] == 0


@pytest.mark.parametrize(
    "weights", [{}, {"c1": "20", "c2": "70"}, {"c1": "x", "c2": "80"},
                {"c1": "20", "c2": "80", "c9": "0"}]
)  # fmt: skip
def test_F55_live_weights_that_cannot_be_right_are_a_conflict(weights: dict[str, str]) -> None:
    with pytest.raises(Conflict) as caught:
        live_weights(a_live_ingress(**weights), TOPOLOGY)
    assert "--expect" in (caught.value.hint or "")


def test_host_and_path_can_be_overridden() -> None:
    flags = Flags(host="other.example.com", path="/x", headers=("X-Zone: a",))
    target = target_of(flags, TOPOLOGY, address_without_fleet(TOPOLOGY))
    assert (target.address.host, target.address.path) == ("other.example.com", "/x")
    assert target.headers == {"X-Zone": "a"}
    assert target.member_names == ("poc-ack-1", "poc-ack-2")


def test_F78_a_request_that_names_a_member_is_warned_about() -> None:
    address = address_without_fleet(TOPOLOGY)
    quiet = target_of(Flags(path="/poc-ack-10"), TOPOLOGY, address)
    loud = target_of(Flags(headers=("X-To: poc-ack-1",)), TOPOLOGY, address)
    assert echo_warning(quiet) is None
    assert "poc-ack-1" in (echo_warning(loud) or "")


@pytest.mark.parametrize("line", ["", "novalue", ": x"])
def test_what_is_no_header_is_refused(line: str) -> None:
    with pytest.raises(BadInput):
        headers_of([line])


def test_durations_are_typed_as_people_do() -> None:
    for text, expected in (("500ms", 0.5), ("30s", 30), ("5m", 300), ("1.5h", 5400), ("7", 7)):
        assert seconds_of(text, what="duration") == expected


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "5 s x", "1d", "inf", "٣s", "1e3s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="timeout"):
        seconds_of(text, what="timeout")


def test_a_place_that_cannot_be_written_is_refused_before_any_traffic(tmp_path: Path) -> None:
    ReportFiles(html=tmp_path / "r.html").check()
    for bad in (tmp_path, tmp_path / "absent" / "r.html"):
        with pytest.raises(BadInput):
            ReportFiles(html=bad).check()
