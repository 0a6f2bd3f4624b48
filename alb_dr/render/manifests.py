"""From a topology to its manifests, in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alb_dr.errors import BadInput
from alb_dr.model.manifest import Manifest, ManifestSet
from alb_dr.model.topology import Profile, Topology
from alb_dr.render.consistency import check_consistency
from alb_dr.render.dialect import fill
from alb_dr.render.library import TemplateLibrary
from alb_dr.render.variables import variables

DISTRIBUTION = ("distribute/applicationset.yaml.j2",)
GATEWAY = ("gateway/albconfig.yaml.j2", "gateway/ingressclass.yaml.j2")
INGRESS = ("ingress/namespace.yaml.j2", "ingress/ingress.yaml.j2")


def render(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """All manifests of the project; BadInput when they do not fit together."""
    manifests = _filled(topology, library, [*DISTRIBUTION, *GATEWAY, *INGRESS])
    check_consistency(manifests)
    return manifests


def render_distribution(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """What delivers the application."""
    return _filled(topology, library, DISTRIBUTION)


def render_gateway(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """AlbConfig and IngressClass."""
    return _filled(topology, library, GATEWAY)


def render_ingress(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """Namespace and weighted Ingress."""
    return _filled(topology, library, INGRESS)


def as_in_the_tutorial(topology: Topology) -> Topology:
    """The same topology with the tutorial's own choices, dangerous ones included."""
    application = replace(
        topology.application, preserve_on_deletion=False, create_update_only=False
    )
    return replace(topology, profile=Profile.TUTORIAL, application=application)


def _filled(topology: Topology, library: TemplateLibrary, names: Sequence[str]) -> ManifestSet:
    values = variables(topology)
    return ManifestSet(manifests=tuple(_manifest(library, name, values) for name in names))


def _manifest(library: TemplateLibrary, name: str, values: dict[str, object]) -> Manifest:
    document = fill(library, name, values)
    try:
        return Manifest.of(document)
    except KeyError:
        kind = f"{document['apiVersion']} {document['kind']}"
        raise BadInput(f"template {name} makes a {kind}, which alb-dr does not apply") from None
