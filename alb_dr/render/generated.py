"""Which Applications an ApplicationSet makes of the clusters Argo CD knows.

Only what our template uses is understood: the cluster generator with a selector, and places of
dotted paths in double braces (docs/reference/templates.md). What is not understood is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alb_dr.model.manifest import Document

_PLACE = re.compile(r"\{\{-?\s*\.([A-Za-z0-9_.]+)\s*-?\}\}")


class UnknownPlace(ValueError):
    """A place in the template that these parameters do not fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoCluster:
    """One cluster as Argo CD's cluster generator sees it; the name is None when not readable."""

    name: str | None
    server: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, Any]:
        """What the template's places may name."""
        known: dict[str, Any] = {
            "metadata": {"labels": dict(self.labels), "annotations": dict(self.annotations)}
        }
        if self.name is not None:
            known |= {"name": self.name, "nameNormalized": self.name}
        if self.server is not None:
            known["server"] = self.server
        return known


def generated(
    application_set: Document, clusters: Sequence[ArgoCluster], *, selected: bool
) -> dict[str, Document]:
    """Application name to its ``spec``; raises UnknownPlace when a name cannot be filled.

    With ``selected`` the clusters are taken as they are; else the generator's selector chooses.
    A place in the ``spec`` that stays unknown is left as it stands in the template.
    """
    spec = application_set.get("spec") or {}
    template = spec.get("template") or {}
    found: dict[str, Document] = {}
    for generator in spec.get("generators") or []:
        if not isinstance(generator, Mapping) or "clusters" not in generator:
            raise UnknownPlace("a generator that is not the cluster generator")
        selector = (generator["clusters"] or {}).get("selector") or {}
        for cluster in clusters:
            if selected or _chosen(selector, cluster.labels):
                name = _fill(template["metadata"]["name"], cluster.parameters, strict=True)
                found[str(name)] = _fill(template["spec"], cluster.parameters, strict=False)
    return found


def has_places(value: object) -> bool:
    """Whether a filled value still holds a place, so that it cannot be compared."""
    return isinstance(value, str) and _PLACE.search(value) is not None


def _fill(value: Any, parameters: Mapping[str, Any], *, strict: bool) -> Any:
    if isinstance(value, str):
        return _PLACE.sub(lambda place: _looked_up(place, parameters, strict=strict), value)
    if isinstance(value, Mapping):
        return {key: _fill(inner, parameters, strict=strict) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, parameters, strict=strict) for inner in value]
    return value


def _looked_up(place: re.Match[str], parameters: Mapping[str, Any], *, strict: bool) -> str:
    here: Any = parameters
    for key in place[1].split("."):
        if not isinstance(here, Mapping) or key not in here:
            if strict:
                raise UnknownPlace(f"{place[0]} names nothing that is known")
            return place[0]
        here = here[key]
    return str(here)


def _chosen(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    plain = selector.get("matchLabels") or {}
    rules = selector.get("matchExpressions") or []
    return all(labels.get(k) == v for k, v in plain.items()) and all(
        _holds(rule, labels) for rule in rules
    )


def _holds(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """One expression of a label selector (Kubernetes rule: NotIn holds for an absent label)."""
    value, values = labels.get(rule["key"]), rule.get("values") or []
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }.get(rule["operator"], False)
