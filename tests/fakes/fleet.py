"""Sentences for tests about a whole project on a fake Fleet with fake members."""

from __future__ import annotations

from alb_dr.model.plan import Plan, PlanChoices
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.workflows.delivery.apply import ApplyChoices, apply
from alb_dr.workflows.project.planning import make_plan
from tests.builders import PROJECT, a_deployment, a_topology
from tests.fakes.argo import a_namespace, an_application, argo_cluster, owned_by
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

MEMBERS = (("c1", "poc-ack-1"), ("c2", "poc-ack-2"))


def a_fleet(*, applied: bool = True, text: str = PROJECT) -> FakeKube:
    """A Fleet whose Argo CD knows both members; with the file applied unless not."""
    api = FakeKube()
    api.create(a_namespace("argocd"))
    for id_, name in MEMBERS:
        api.create(argo_cluster(id_, name))
    if applied:
        manifests = render(a_topology(text), template_library())
        apply(manifests, api=api, choices=ApplyChoices(), narrator=TellTale())
        for id_, name in MEMBERS:
            api.create(owned_by(api, an_application(id_, name)))
    return api


def the_members(*, replicas: int = 2) -> dict[str, FakeKube]:
    """Both members with the workload running."""
    members = {}
    for id_, name in MEMBERS:
        api = FakeKube(name)
        api.create(a_namespace("gateway-demo"))
        api.create(runnable(replicas))
        members[id_] = api
    return members


def runnable(replicas: int):  # type: ignore[no-untyped-def]
    """The workload as one would create it."""
    found = a_deployment(replicas=replicas)
    metadata = {k: v for k, v in found.metadata.items() if k in {"name", "namespace", "labels"}}
    return type(found)(id=found.id, document={**found.document, "metadata": metadata})


def planned(api: FakeKube, text: str = PROJECT, **choices: bool) -> Plan:
    """The plan of a project file."""
    topology = a_topology(text)
    return make_plan(
        topology,
        render(topology, template_library()),
        fleet=api,
        clock=StillClock(),
        narrator=TellTale(),
        choices=PlanChoices(**choices),
    )


def writes(api: FakeKube) -> list[str]:
    """What was stored, not only asked."""
    return [c for c in api.calls if c.split()[0] in {"apply", "create", "patch", "delete"}]
