"""From a topology to its manifests, in the order in which they are applied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from alb_dr.errors import BadInput
from alb_dr.model import manifest
from alb_dr.model.application import DistributionMethod
from alb_dr.model.manifest import Document, Kind, Manifest, ManifestSet
from alb_dr.model.pin import Pin
from alb_dr.model.printable import printable
from alb_dr.model.topology import Profile, Topology
from alb_dr.render.consistency import check_consistency
from alb_dr.render.dialect import fill
from alb_dr.render.library import TemplateLibrary
from alb_dr.render.variables import pin_variables, policy_group, variables

GITOPS = {"distribute/applicationset.yaml.j2": manifest.APPLICATION_SET}
GATEWAY = {
    "gateway/albconfig.yaml.j2": manifest.ALB_CONFIG,
    "gateway/ingressclass.yaml.j2": manifest.INGRESS_CLASS,
}
INGRESS = {
    "ingress/namespace.yaml.j2": manifest.NAMESPACE,
    "ingress/ingress.yaml.j2": manifest.INGRESS,
}
"""Templates in the order of application, and the kind each of them makes."""
GUARD = {
    "guard/serviceaccount.yaml.j2": manifest.SERVICE_ACCOUNT,
    "guard/role.yaml.j2": manifest.ROLE,
    "guard/rolebinding.yaml.j2": manifest.ROLE_BINDING,
    "guard/cronjob.yaml.j2": manifest.CRON_JOB,
}
"""What is applied to a member, once."""
_BY_DIGEST = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,254}@sha256:[0-9a-f]{64}", re.ASCII)
PIN = "ingress/pin.yaml.j2"
"""The template of a header pin; it is no part of the project's own manifests."""


def render(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """All manifests of the project; BadInput when they do not fit together."""
    return _filled(topology, library, {**distribution(topology), **GATEWAY, **INGRESS})


def render_distribution(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """What delivers the application."""
    return _filled(topology, library, distribution(topology))


def distribution(topology: Topology) -> dict[str, Kind]:
    """The templates that deliver the application, in order, by the project's method.

    The PropagationPolicy comes last: what it places is complete then, and already overridden.
    BadInput when distribution by policy is wanted and not described.
    """
    if topology.application.method is DistributionMethod.GITOPS:
        return GITOPS
    policy, group = topology.application.policy, policy_group(topology)
    if policy is None:
        raise BadInput(
            "the project file does not say what distribution by policy places",
            hint="say application.policy: {image: ...}",
        )
    of_namespace: dict[str, Kind] = {}
    if policy.propagate_namespace:
        kind = manifest.CLUSTER_PROPAGATION_POLICY.in_group(group)
        of_namespace = {"distribute/clusterpropagationpolicy.yaml.j2": kind}
    return {
        "ingress/namespace.yaml.j2": manifest.NAMESPACE,
        **of_namespace,
        "distribute/overridepolicy.yaml.j2": manifest.OVERRIDE_POLICY.in_group(group),
        "distribute/deployment.yaml.j2": manifest.DEPLOYMENT,
        "distribute/service.yaml.j2": manifest.SERVICE,
        "distribute/propagationpolicy.yaml.j2": manifest.PROPAGATION_POLICY.in_group(group),
    }


def render_gateway(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """AlbConfig and IngressClass."""
    return _filled(topology, library, GATEWAY)


def render_ingress(topology: Topology, library: TemplateLibrary) -> ManifestSet:
    """Namespace and weighted Ingress."""
    return _filled(topology, library, INGRESS)


def render_pin(topology: Topology, library: TemplateLibrary, pin: Pin) -> ManifestSet:
    """The Ingress that leads one header to one member."""
    document = fill(library, PIN, pin_variables(topology, pin))
    manifests = ManifestSet(manifests=(_manifest(PIN, manifest.INGRESS, document),))
    check_consistency(manifests)
    return manifests


def render_guard(topology: Topology, library: TemplateLibrary, *, image: str) -> ManifestSet:
    """What runs the guard in a member; BadInput for an image that is not named by digest.

    A tag can come to mean another program, and this one may write to production.
    """
    if not _BY_DIGEST.fullmatch(image):
        raise BadInput(
            f"{printable(image)} names no image by digest", hint="say it as NAME@sha256:DIGEST"
        )
    values = variables(topology) | {
        "guard": {"image": image, "workload": topology.application.workload.name}
    }
    return ManifestSet(
        manifests=tuple(
            _manifest(name, kind, fill(library, name, values)) for name, kind in GUARD.items()
        )
    )


def as_in_the_tutorial(topology: Topology) -> Topology:
    """The same topology with the tutorial's own choices, dangerous ones included."""
    application = replace(
        topology.application, preserve_on_deletion=False, create_update_only=False
    )
    return replace(topology, profile=Profile.TUTORIAL, application=application)


def _filled(
    topology: Topology, library: TemplateLibrary, templates: Mapping[str, Kind]
) -> ManifestSet:
    values = variables(topology)
    manifests = ManifestSet(
        manifests=tuple(
            _manifest(name, kind, fill(library, name, values)) for name, kind in templates.items()
        )
    )
    check_consistency(manifests)
    return manifests


def _manifest(name: str, kind: Kind, document: Document) -> Manifest:
    """The manifest of a template's document; BadInput when it is another kind or has no name."""
    if (document["apiVersion"], document["kind"]) != (kind.api_version, kind.name):
        made = f"{document['apiVersion']} {document['kind']}"
        raise BadInput(f"template {name} makes {made}, not {kind.api_version} {kind.name}")
    metadata = document["metadata"]
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise BadInput(f"template {name} makes an object without a name")
    return Manifest.of(document)
