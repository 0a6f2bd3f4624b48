"""Checks of rendered documents: edited templates may be misshapen or disagree with each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.model.manifest import ALB_CONFIG, INGRESS, INGRESS_CLASS, Manifest, ManifestSet
from alb_dr.model.weights import TOTAL
from alb_dr.render.annotations import LISTEN_PORTS, REMOTE_CLUSTERS, weights_of

CONTROLLER = "ingress.k8s.alibabacloud/alb"
"""The literal the ALB Ingress controller answers to; without ``.com``."""


def check_consistency(manifests: ManifestSet) -> None:
    """Raise BadInput with everything that does not fit; what is not in the set is not missed."""
    found = [complaint for manifest in manifests for complaint in _shape(manifest)]
    if not found:
        found += _disagreements({m.id.kind.name: m for m in manifests})
    if found:
        raise BadInput(
            "the rendered documents do not fit: " + "; ".join(found),
            hint="mend the edited template",
        )


def _shape(manifest: Manifest) -> Iterator[str]:
    """What others take for granted: mappings where mappings belong, words in metadata."""
    for field in ("labels", "annotations"):
        values = manifest.metadata.get(field)
        words = isinstance(values, Mapping) and all(
            isinstance(word, str) for pair in values.items() for word in pair
        )
        if values is not None and not words:
            yield f"{field} of {manifest.id} are not words"
    if manifest.id.kind == ALB_CONFIG:
        listeners = _at(manifest, "listeners")
        if not isinstance(_at(manifest, "config"), Mapping):
            yield f"{manifest.id} has no spec.config"
        if not isinstance(listeners, list) or not all(isinstance(x, Mapping) for x in listeners):
            yield f"{manifest.id} has no list of listeners"


def _disagreements(by_kind: Mapping[str, Manifest]) -> Iterator[str]:
    albconfig, ingress = by_kind.get(ALB_CONFIG.name), by_kind.get(INGRESS.name)
    ingress_class = by_kind.get(INGRESS_CLASS.name)
    if ingress_class is not None:
        if _at(ingress_class, "controller") != CONTROLLER:
            named = _at(ingress_class, "controller")
            yield f"IngressClass names controller {named!r}, not {CONTROLLER}"
        if albconfig and _at(ingress_class, "parameters", "name") != albconfig.id.name:
            yield f"IngressClass does not point to AlbConfig {albconfig.id.name}"
        if ingress and _at(ingress, "ingressClassName") != ingress_class.id.name:
            yield f"Ingress does not name class {ingress_class.id.name}"
    if ingress is not None:
        yield from _weights(ingress)
    if albconfig is not None and ingress is not None:
        remote = albconfig.annotations.get(REMOTE_CLUSTERS, "").split(",")
        if set(remote) != set(weights_of(ingress.annotations)):
            yield "the Ingress weights other clusters than the AlbConfig is connected to"
        yield from _ports(albconfig, ingress)


def _at(manifest: Manifest, *path: str) -> Any:
    """What stands at ``spec.<path>``; None when the way there is not made of mappings."""
    node: Any = manifest.document.get("spec")
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _weights(ingress: Manifest) -> Iterator[str]:
    weights = weights_of(ingress.annotations).values()
    if not all(weight.isascii() and weight.isdigit() for weight in weights):
        yield "a weight is no whole number"
    elif sum(map(int, weights)) != TOTAL:
        yield f"the weights sum to {sum(map(int, weights))}, not {TOTAL}"


def _ports(albconfig: Manifest, ingress: Manifest) -> Iterator[str]:
    # Ports are compared as words: an AlbConfig may have them as numbers or as strings.
    listeners = {(str(x.get("protocol")), str(x.get("port"))) for x in _at(albconfig, "listeners")}
    try:
        wanted: Any = json.loads(ingress.annotations.get(LISTEN_PORTS, "[]"))
        pairs = {(str(name), str(port)) for item in wanted for name, port in item.items()}
    except (ValueError, AttributeError, TypeError):
        yield 'listen-ports is not JSON like [{"HTTP": 8001}]'
        return
    if not pairs:
        yield "the Ingress names no listener in listen-ports"
    for name, port in sorted(pairs - listeners):
        yield f"listen-ports wants {name} {port}, no listener of the AlbConfig"
