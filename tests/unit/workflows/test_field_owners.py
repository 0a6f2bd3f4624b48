"""Who set the weights, as the API keeps it."""

from __future__ import annotations

from alb_dr.model.weights import Weights
from alb_dr.workflows.delivery.weights import ingress_id, set_weights
from alb_dr.workflows.live.field_owners import changed_by, weight_setters
from tests.builders import a_topology
from tests.fakes.fleet import a_fleet


def test_whoever_wrote_the_weights_last_is_named() -> None:
    topology, fleet = a_topology(), a_fleet()
    live = fleet.get(ingress_id(topology))
    assert live is not None
    assert weight_setters(live) == "alb-dr"
    weights = Weights.of({"c1": 70, "c2": 30})
    set_weights(topology, weights, fleet=fleet.as_manager("argocd-controller"), dry_run=False)
    live = fleet.get(ingress_id(topology))
    assert live is not None
    assert weight_setters(live) == "argocd-controller"


def test_an_object_that_keeps_no_names_was_set_by_somebody() -> None:
    topology = a_topology()
    live = a_fleet().get(ingress_id(topology))
    assert live is not None
    for fields in (None, [], [{"manager": "x", "fieldsV1": {"f:metadata": None}}]):
        live.metadata["managedFields"] = fields  # type: ignore[index]  # a document of ours
        assert weight_setters(live) == "somebody"


def test_the_newest_owner_of_a_field_is_named_with_its_time() -> None:
    live = a_fleet().get(ingress_id(a_topology()))
    assert live is not None
    entries = [
        {"manager": "old", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:rules": {}}}},
        {"manager": "new", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:rules": {}}}},
        {"manager": "other", "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:status": {}}},
    ]
    live.metadata["managedFields"] = entries  # type: ignore[index]  # a document of ours
    assert changed_by(live, "spec", "rules") == " (by new at 2026-01-02T00:00:00Z)"
    assert changed_by(live, "spec", "tls") == ""
