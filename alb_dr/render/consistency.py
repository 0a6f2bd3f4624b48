"""Cross-checks between rendered documents: edited templates may disagree with each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.model.manifest import ALB_CONFIG, INGRESS, INGRESS_CLASS, Manifest, ManifestSet
from alb_dr.model.weights import TOTAL
from alb_dr.render.annotations import LISTEN_PORTS, REMOTE_CLUSTERS, weights_of

CONTROLLER = "ingress.k8s.alibabacloud/alb"
"""The literal the ALB Ingress controller answers to; without ``.com``."""


def check_consistency(manifests: ManifestSet) -> None:
    """Raise BadInput with everything that does not fit."""
    (albconfig,), (ingress_class,), (ingress,) = (
        manifests.of_kind(kind) for kind in (ALB_CONFIG, INGRESS_CLASS, INGRESS)
    )
    found = [*_chain(albconfig, ingress_class, ingress), *_weights(albconfig, ingress)]
    found += _ports(albconfig, ingress)
    if found:
        raise BadInput(
            "the rendered documents disagree: " + "; ".join(found),
            hint="mend the edited template",
        )


def _chain(albconfig: Manifest, ingress_class: Manifest, ingress: Manifest) -> Iterator[str]:
    spec = ingress_class.document["spec"]
    if spec.get("controller") != CONTROLLER:
        yield f"IngressClass names controller {spec.get('controller')!r}, not {CONTROLLER}"
    if (spec.get("parameters") or {}).get("name") != albconfig.id.name:
        yield f"IngressClass does not point to AlbConfig {albconfig.id.name}"
    if ingress.document["spec"].get("ingressClassName") != ingress_class.id.name:
        yield f"Ingress does not name class {ingress_class.id.name}"


def _weights(albconfig: Manifest, ingress: Manifest) -> Iterator[str]:
    remote = albconfig.annotations.get(REMOTE_CLUSTERS, "").split(",")
    weights = weights_of(ingress.annotations)
    if set(remote) != set(weights):
        yield "the Ingress weights other clusters than the AlbConfig is connected to"
    if not all(weight.isdecimal() for weight in weights.values()):
        yield "a weight is no whole number"
    elif sum(map(int, weights.values())) != TOTAL:
        yield f"the weights sum to {sum(map(int, weights.values()))}"


def _ports(albconfig: Manifest, ingress: Manifest) -> Iterator[str]:
    listeners = {
        (str(x.get("protocol")), int(x.get("port", 0)))
        for x in albconfig.document["spec"].get("listeners") or []
    }
    try:
        wanted: Any = json.loads(ingress.annotations.get(LISTEN_PORTS, "[]"))
        pairs = {(str(name), int(port)) for item in wanted for name, port in item.items()}
    except (ValueError, AttributeError, TypeError):
        yield 'listen-ports is not JSON like [{"HTTP": 8001}]'
        return
    for name, port in sorted(pairs - listeners):
        yield f"listen-ports wants {name} {port}, no listener of the AlbConfig"
