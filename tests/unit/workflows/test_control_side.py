"""The control side: what disagrees is named, what cannot be asked is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alb_dr.errors import Unreachable
from alb_dr.model.findings import Finding, Severity
from alb_dr.model.manifest import Kind, Manifest, ResourceId
from alb_dr.workflows.members.control_side import control_findings
from tests.builders import a_topology

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPOLOGY = a_topology()
READY = {"conditions": {"ready": True}}
UNKNOWN: dict[str, Any] = {"conditions": {}}
NOT_READY = {"conditions": {"ready": False}}


class Shelf:
    """An API that only has what is put on it."""

    def __init__(self, *documents: dict[str, Any], down: bool = False) -> None:
        self.label = "shelf"
        self._documents = documents
        self._down = down

    def get(self, id_: ResourceId) -> Manifest | None:
        """The document of this kind, whatever its name."""
        found = self.list(id_.kind)
        return found[0] if found else None

    def list(self, kind: Kind, **_: Any) -> tuple[Manifest, ...]:
        """All documents of a kind."""
        if self._down:
            raise Unreachable("nobody answers")
        return tuple(Manifest.of(d) for d in self._documents if d["kind"] == kind.name)

    def watch(self, *_: Any, **__: Any) -> Any:
        """Not used here."""
        raise NotImplementedError


def ingress(address: str = "alb-1.localhost") -> Manifest:
    """The live Ingress."""
    entries = [{"hostname": address}] if address else []
    return Manifest.of({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "web-demo", "namespace": "gateway-demo"},
        "status": {"loadBalancer": {"ingress": entries}},
    })  # fmt: skip


def albconfig(*clusters: str) -> dict[str, Any]:
    """The live AlbConfig, connected to clusters."""
    return {
        "apiVersion": "alibabacloud.com/v1", "kind": "AlbConfig",
        "metadata": {"name": "ackone-gateway-demo"},
        "status": {"loadBalancer": {"id": "alb-1", "subClusters": list(clusters)}},
    }  # fmt: skip


def endpoints(*entries: dict[str, Any]) -> Shelf:
    """A member whose Service has these endpoints."""
    return Shelf({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "s", "namespace": "gateway-demo"}, "endpoints": list(entries),
    })  # fmt: skip


def warning(at: datetime) -> dict[str, Any]:
    """A Warning event last seen at an instant."""
    return {
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "FailedBuildModel",
        "message": "backend not found", "metadata": {"name": "e", "namespace": "default"},
        "lastTimestamp": at.isoformat(),
    }  # fmt: skip


def findings(
    fleet: Shelf | None = None, *, address: str = "alb-1.localhost", **members: Shelf
) -> list[Finding]:
    """What the control side says about a world that is fine but for what is given."""
    found = control_findings(
        TOPOLOGY,
        ingress=ingress(address),
        fleet=fleet or Shelf(albconfig("c1", "c2")),
        members={"c1": endpoints(READY), "c2": endpoints(READY), **members},
        weights={"c1": 20, "c2": 80},
        now=NOW,
    )
    return list(found)


def codes(found: list[Finding]) -> set[str]:
    """The codes of findings."""
    return {finding.code for finding in found}


def test_a_world_in_order_has_no_findings() -> None:
    assert findings() == []


def test_an_ingress_without_an_address_disagrees() -> None:
    assert codes(findings(address="")) == {"ADR-CONTROL-ADDRESS"}


def test_a_member_the_gateway_is_not_connected_to_is_named() -> None:
    (found,) = findings(Shelf(albconfig("c1")))
    assert found.code == "ADR-CONTROL-SUBCLUSTERS"
    assert "poc-ack-2" in found.text


def test_a_missing_albconfig_is_said() -> None:
    assert "is missing" in findings(Shelf())[0].text


def test_a_member_without_ready_endpoints_is_named() -> None:
    for shelf in (endpoints(), endpoints(NOT_READY), Shelf()):
        (found,) = findings(c1=shelf)
        assert found.code == "ADR-CONTROL-ENDPOINTS"
        assert "poc-ack-1" in found.text
        assert found.severity is Severity.ERROR


def test_an_endpoint_of_unknown_readiness_counts_as_ready() -> None:
    assert findings(c1=endpoints(NOT_READY, UNKNOWN)) == []


def test_a_member_with_weight_zero_needs_no_endpoints() -> None:
    found = control_findings(
        TOPOLOGY,
        ingress=ingress(),
        fleet=Shelf(albconfig("c1", "c2")),
        members={"c1": Shelf(down=True), "c2": endpoints(READY)},
        weights={"c1": 0, "c2": 100},
        now=NOW,
    )
    assert found == ()


def test_only_fresh_warnings_count() -> None:
    fresh = Shelf(albconfig("c1", "c2"), warning(NOW - timedelta(minutes=5)))
    stale = Shelf(albconfig("c1", "c2"), warning(NOW - timedelta(hours=2)))
    assert codes(findings(fresh)) == {"ADR-CONTROL-EVENT"}
    assert all(f.severity is Severity.WARNING for f in findings(fresh))
    assert findings(stale) == []


def test_an_api_that_is_down_is_a_warning_not_a_verdict() -> None:
    found = findings(c1=Shelf(down=True))
    assert [(f.code, f.severity) for f in found] == [("ADR-CONTROL-UNKNOWN", Severity.WARNING)]
    assert "poc-ack-1" in found[0].text
