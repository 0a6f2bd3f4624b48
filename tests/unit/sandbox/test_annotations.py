"""Annotations are read as the ALB Ingress controller reads them."""

from __future__ import annotations

import pytest

from alb_dr.sandbox.controllers import annotations as read
from alb_dr.sandbox.controllers.annotations import AnnotationError

P = "alb.ingress.kubernetes.io/"


@pytest.mark.parametrize(
    ("text", "tls", "ports"),
    [
        ('[{"HTTP": 8001}]', False, [("HTTP", 8001)]),
        ('[{"HTTP": 80}, {"HTTPS": 443}]', False, [("HTTP", 80), ("HTTPS", 443)]),
        (None, False, [("HTTP", 80)]),
        (None, True, [("HTTPS", 443)]),
    ],
)
def test_listen_ports_have_defaults(
    text: str | None, tls: bool, ports: list[tuple[str, int]]
) -> None:
    found = {} if text is None else {P + "listen-ports": text}
    assert read.listen_ports(found, has_tls=tls) == ports


@pytest.mark.parametrize("text", ['[{"HTTP"：8001}]', '[{"HTTP": 8001}', "8001", '["HTTP"]'])
def test_listen_ports_that_are_no_json_are_named_as_the_controller_does(text: str) -> None:
    with pytest.raises(AnnotationError, match="failed to parse listen-ports configuration"):
        read.listen_ports({P + "listen-ports": text}, has_tls=False)


def test_weights_are_read_by_cluster_id() -> None:
    found = {P + "cluster-weight.c1": "20", P + "cluster-weight.c2": "80", P + "order": "3"}
    assert read.weights(found) == {"c1": 20, "c2": 80}


@pytest.mark.parametrize("pair", [("20", "70"), ("0", "0"), ("-1", "101"), ("33.3", "66.7")])
def test_weights_that_cannot_be_are_refused(pair: tuple[str, str]) -> None:
    found = {P + "cluster-weight.c1": pair[0], P + "cluster-weight.c2": pair[1]}
    with pytest.raises(AnnotationError, match="cluster-weight"):
        read.weights(found)


def test_health_checks_are_off_unless_switched_on() -> None:
    assert read.health_check({}) is None
    assert read.health_check({P + "healthcheck-enabled": "True"}) is None


def test_a_health_check_has_albs_defaults() -> None:
    found = read.health_check({P + "healthcheck-enabled": "true"})
    assert found is not None
    assert (found.path, found.method, found.codes) == ("/", "HEAD", ((200, 300),))
    assert (found.interval_s, found.timeout_s) == (2, 5)
    assert (found.healthy, found.unhealthy, found.tcp) == (3, 3, False)


def test_a_canary_names_its_header() -> None:
    name = P + "canary-by-header"
    assert read.canary_header({name: "stage"}) is None
    assert read.canary_header({P + "canary": "true", name: "stage"}) == ("stage", "always")
    found = {P + "canary": "true", name: "stage", name + "-value": "gray"}
    assert read.canary_header(found) == ("stage", "gray")


def test_order_is_ten_unless_said() -> None:
    assert read.order({}) == 10
    assert read.order({P + "order": "2"}) == 2
