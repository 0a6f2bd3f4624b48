"""From a live Fleet: the file that is written describes what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from alb_dr.config.answers import Answers
from alb_dr.config.convert import topology_of
from alb_dr.config.document import parse_document
from alb_dr.config.loader import check
from alb_dr.config.starter import starter
from alb_dr.errors import BadInput, NotFound
from alb_dr.model.manifest import INGRESS
from alb_dr.model.topology import Topology
from alb_dr.render.annotations import PIN_LABEL
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.workflows.preflight.from_live import answers_from_live
from tests.unit.workflows.preflight.world import World

DNS = "alb-1.cn-hongkong.alb.aliyuncs.com"


def a_world() -> World:
    """A healthy world whose gateway names its region."""
    world = World()
    status = {"status": {"loadBalancer": {"dnsname": DNS}}}
    name = "albconfigs.alibabacloud.com"
    world.fleet.merge(name, "ackone-gateway-demo", status, sub="status")
    for member in world.topology.members:
        labels = {"metadata": {"labels": {"name": member.name}}}
        clusters = "managedclusters.cluster.open-cluster-management.io"
        world.fleet.merge(clusters, member.id, labels)
    return world


def read(world: World, *, region: str | None = None, ingress: str | None = None) -> Answers:
    """What is read."""
    return answers_from_live(
        world.fleet, fleet_kubeconfig="fleet.yaml", region=region, ingress=ingress
    )


def topology_from(answers: Answers) -> Topology:
    """The topology of the file that would be written."""
    path = Path("project") / "alb-dr.yaml"
    return topology_of(check(parse_document(path, starter(answers))), folder=path.parent)


def test_the_file_renders_to_what_is_live() -> None:
    world = a_world()
    written = topology_from(read(world))
    before = [m.document for m in render(world.topology, template_library())]
    after = [m.document for m in render(written, template_library())]
    assert after == before
    assert written.region == "cn-hongkong"
    assert [m.name for m in written.members] == ["poc-ack-1", "poc-ack-2"]
    assert written.weights == world.topology.weights


def test_other_choices_survive_the_way_through_the_file() -> None:
    world = a_world()
    world.annotate(
        **{
            "healthcheck-enabled": "true",
            "healthcheck-protocol": "TCP",
            "healthcheck-interval-seconds": "7",
            "healthcheck-httpcode": "http_2xx,http_3xx",
            "healthcheck-path": "/alive",
        }
    )
    listeners = [{"port": 8001, "protocol": "HTTP"}, {"port": 9000, "protocol": "HTTP"}]
    config = {"addressType": "Intranet", "addressAllocatedMode": "Dynamic", "name": None}
    patch = {"spec": {"listeners": listeners, "config": config}}
    world.fleet.merge("albconfigs.alibabacloud.com", "ackone-gateway-demo", patch)
    written = topology_from(read(world))
    health = written.ingress.health_check
    assert (health.protocol, health.interval_s, health.path) == ("TCP", 7, "/alive")
    assert tuple(health.codes) == ("http_2xx", "http_3xx")
    assert [x.port for x in written.gateway.listeners] == [8001, 9000]
    assert written.gateway.load_balancer_name is None
    assert str(written.gateway.address_type) == "Intranet"


def test_absent_health_checks_are_written_as_off() -> None:
    world = a_world()
    world.annotate(**{"healthcheck-enabled": None})
    assert not topology_from(read(world)).ingress.health_check.enabled


def test_without_a_weighted_ingress_there_is_nothing_to_read() -> None:
    world = a_world()
    world.fleet.remove("ingresses.networking.k8s.io", "web-demo", "gateway-demo")
    with pytest.raises(NotFound, match="no Ingress with weights"):
        read(world)


def test_several_weighted_ingresses_must_be_chosen_from() -> None:
    world = a_world()
    world.neighbour("/x", name="second", **{"cluster-weight.c1": "100"})
    with pytest.raises(BadInput, match="several weighted Ingresses") as caught:
        read(world)
    assert caught.value.hint == (
        "name one with --ingress: gateway-demo/second, gateway-demo/web-demo"
    )
    assert read(world, ingress="gateway-demo/web-demo").path == "/svc1"
    with pytest.raises(NotFound, match="no weighted Ingress is called a/b"):
        read(world, ingress="a/b")


def test_a_pin_is_not_taken_for_a_second_one() -> None:
    world = a_world()
    world.neighbour("/x", name="web-demo-pin-one", **{"cluster-weight.c1": "100"})
    labels = {"metadata": {"labels": {PIN_LABEL: "true"}}}
    world.fleet.merge("ingresses.networking.k8s.io", "web-demo-pin-one", labels, "gateway-demo")
    assert read(world).path == "/svc1"


def test_a_class_that_leads_nowhere_is_said() -> None:
    world = a_world()
    world.fleet.remove("ingressclasses.networking.k8s.io", "alb")
    with pytest.raises(NotFound, match="names class 'alb', which leads to no AlbConfig"):
        read(world)


def test_the_region_is_asked_for_when_the_name_does_not_say_it() -> None:
    world = World()
    with pytest.raises(BadInput, match="does not say its region"):
        read(world)
    assert read(world, region="cn-beijing").region == "cn-beijing"


def test_an_ingress_with_two_rules_is_no_project() -> None:
    world = a_world()
    live = world.fleet.list(INGRESS, namespace="gateway-demo")
    (own,) = [i for i in live if i.id.name == "web-demo"]
    rules = own.document["spec"]["rules"] * 2
    patch = {"spec": {"rules": rules}}
    world.fleet.merge("ingresses.networking.k8s.io", "web-demo", patch, "gateway-demo")
    with pytest.raises(BadInput, match="there are 2 rules of Ingress gateway-demo/web-demo"):
        read(world)
