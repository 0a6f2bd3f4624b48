"""From a live Fleet to the answers of a project file: what is there becomes what is wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from alb_dr.config.answers import Answers, Existing, HealthAnswer, MemberAnswer
from alb_dr.errors import BadInput, NotFound
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION_SET,
    INGRESS,
    INGRESS_CLASS,
    MANAGED_CLUSTER,
    Kind,
    Manifest,
)
from alb_dr.ports import KubeReader
from alb_dr.render.annotations import LISTEN_PORTS, PIN_LABEL, PREFIX, REMOTE_CLUSTERS, weights_of

_REGION = re.compile(r"\.([a-z]{2}-[a-z0-9-]+)\.alb\.")
"""Where an ALB's DNS name names its region."""


def answers_from_live(
    fleet: KubeReader, *, fleet_kubeconfig: str, region: str | None, ingress: str | None
) -> Answers:
    """The project that describes a live weighted Ingress and its gateway.

    ``ingress`` is ``namespace/name``, needed when there are several. NotFound when there is no
    such Ingress or its gateway; BadInput when something must be chosen or is of no known form.
    """
    try:
        return _read(fleet, fleet_kubeconfig, region, ingress)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # An AlbConfig has no schema: the API stores a list in place of a mapping, too.
        raise BadInput(
            f"the live gateway has a form no project can describe ({type(error).__name__})",
            hint="look at it with kubectl, then write the project file with flags or by hand",
        ) from None


def _read(
    fleet: KubeReader, fleet_kubeconfig: str, region: str | None, ingress: str | None
) -> Answers:
    live = _ingress(fleet, ingress)
    albconfig, class_name = _gateway(fleet, live)
    weights = weights_of(live.annotations)
    members = _members(fleet, albconfig, weights)
    protocol, port = _listen_port(live)
    rule = _rule(live)
    path = _only((rule.get("http") or {}).get("paths") or [], f"paths of {live.id}")
    return Answers(
        region=region or _region(albconfig),
        fleet_kubeconfig=fleet_kubeconfig,
        members=members,
        vswitches=_vswitches(albconfig),
        weights=tuple(_whole(weights.get(m.id, "0"), live) for m in members),
        host=str(rule.get("host") or ""),
        path=str(path.get("path") or "/"),
        port=port,
        existing=_existing(fleet, live, albconfig, path, (class_name, protocol)),
    )


def _existing(
    fleet: KubeReader,
    live: Manifest,
    albconfig: Manifest,
    path: Mapping[str, Any],
    served: tuple[str, str],
) -> Existing:
    config = (albconfig.document.get("spec") or {}).get("config") or {}
    listeners = (albconfig.document.get("spec") or {}).get("listeners") or []
    backend = (path.get("backend") or {}).get("service") or {}
    return Existing(
        gateway=albconfig.id.name,
        ingress_class=served[0],
        load_balancer_name=str(config.get("name") or ""),
        address_type=str(config.get("addressType") or "Internet"),
        address_allocated_mode=str(config.get("addressAllocatedMode") or "Dynamic"),
        listeners=tuple((str(x.get("protocol")), int(x.get("port") or 0)) for x in listeners),
        ingress=live.id.name,
        namespace=live.id.namespace or "",
        path_type=str(path.get("pathType") or "Prefix"),
        service=str(backend.get("name") or ""),
        service_port=int((backend.get("port") or {}).get("number") or 0),
        protocol=served[1],
        health=_health(live.annotations),
        **_application(fleet, live.id.namespace or ""),
    )


def _ingress(fleet: KubeReader, wanted: str | None) -> Manifest:
    """The weighted Ingress that is named, or the only one. A pin is no project's own."""
    found = {
        f"{i.id.namespace}/{i.id.name}": i
        for i in fleet.list(INGRESS)
        if weights_of(i.annotations) and PIN_LABEL not in i.labels
    }
    listed = ", ".join(sorted(found)) or "none"
    if wanted is not None:
        if wanted not in found:
            raise NotFound(f"no weighted Ingress is called {wanted}", hint=f"there are: {listed}")
        return found[wanted]
    if not found:
        raise NotFound(
            "the Fleet has no Ingress with weights",
            hint="begin with `alb-dr init`, without --from-live",
        )
    if len(found) > 1:
        raise BadInput(
            "the Fleet has several weighted Ingresses", hint=f"name one with --ingress: {listed}"
        )
    return next(iter(found.values()))


def _gateway(fleet: KubeReader, ingress: Manifest) -> tuple[Manifest, str]:
    """The AlbConfig behind an Ingress, and the class that leads there."""
    name = str((ingress.document.get("spec") or {}).get("ingressClassName") or "")
    classes = {c.id.name: c for c in fleet.list(INGRESS_CLASS)}
    spec = classes[name].document.get("spec") or {} if name in classes else {}
    aim = str((spec.get("parameters") or {}).get("name") or "")
    for albconfig in fleet.list(ALB_CONFIG):
        if albconfig.id.name == aim:
            return albconfig, name
    raise NotFound(f"{ingress.id} names class {name!r}, which leads to no AlbConfig")


def _members(
    fleet: KubeReader, albconfig: Manifest, weights: Mapping[str, str]
) -> tuple[MemberAnswer, ...]:
    """The connected clusters in their order, then any other that has a weight."""
    listed = str(albconfig.annotations.get(REMOTE_CLUSTERS, "")).split(",")
    ids = dict.fromkeys(id_.strip() for id_ in (*listed, *weights) if id_.strip())
    names = {c.id.name: str(c.labels.get("name") or c.id.name) for c in _listed(fleet)}
    return tuple(
        MemberAnswer(
            id=id_,
            name=names.get(id_, id_),
            zone="",
            kubeconfig=f"{names.get(id_, id_)}.kubeconfig",
        )
        for id_ in ids
    )


def _listed(fleet: KubeReader, kind: Kind = MANAGED_CLUSTER) -> Sequence[Manifest]:
    try:
        return fleet.list(kind)
    except NotFound:
        return ()


def _vswitches(albconfig: Manifest) -> tuple[tuple[str, str], ...]:
    config = (albconfig.document.get("spec") or {}).get("config") or {}
    mappings = config.get("zoneMappings") or []
    return tuple((str(m.get("vSwitchId")), str(m.get("zoneId") or "")) for m in mappings)


def _region(albconfig: Manifest) -> str:
    balancer = (albconfig.document.get("status") or {}).get("loadBalancer") or {}
    found = _REGION.search(str(balancer.get("dnsname") or ""))
    if found is None:
        raise BadInput("the gateway does not say its region", hint="name it with --region")
    return found[1]


def _rule(ingress: Manifest) -> Mapping[str, Any]:
    rules = (ingress.document.get("spec") or {}).get("rules") or []
    return _only(rules, f"rules of {ingress.id}")


def _only(found: Sequence[Mapping[str, Any]], what: str) -> Mapping[str, Any]:
    if len(found) != 1:
        raise BadInput(
            f"there are {len(found)} {what}; a project describes exactly one",
            hint="write the project file with flags: alb-dr init --help",
        )
    return found[0]


def _listen_port(ingress: Manifest) -> tuple[str, int]:
    """Protocol and port of the Ingress; the first one it lists."""
    text = str(ingress.annotations.get(LISTEN_PORTS) or '[{"HTTP": 80}]')
    try:
        ((protocol, port),) = json.loads(text)[0].items()
        return str(protocol), int(port)
    except (ValueError, TypeError, AttributeError, LookupError):
        raise BadInput(f"{ingress.id}: listen-ports is no list of ports: {text}") from None


def _whole(text: str, ingress: Manifest) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise BadInput(f"{ingress.id}: weight {text!r} is no whole number")
    return int(text)


def _health(annotations: Mapping[str, str]) -> HealthAnswer:
    """The Ingress's health checks; what it does not say has the ALB dictionary's default."""

    def said(name: str, default: str) -> str:
        return str(annotations.get(PREFIX + name) or default)

    return HealthAnswer(
        enabled=said("healthcheck-enabled", "false") == "true",
        protocol=said("healthcheck-protocol", "HTTP"),
        path=said("healthcheck-path", "/"),
        method=said("healthcheck-method", "HEAD"),
        codes=tuple(said("healthcheck-httpcode", "http_2xx").split(",")),
        interval_s=_number(said("healthcheck-interval-seconds", "2")),
        timeout_s=_number(said("healthcheck-timeout-seconds", "5")),
        healthy=_number(said("healthy-threshold-count", "3")),
        unhealthy=_number(said("unhealthy-threshold-count", "3")),
    )


def _number(text: str) -> int:
    """A number, or 0, which the project file's own check refuses with the key's name."""
    return int(text) if text.isascii() and text.isdecimal() else 0


def _application(fleet: KubeReader, namespace: str) -> dict[str, Any]:
    """The ApplicationSet that delivers to the namespace; nothing when there is not exactly one."""
    found = [
        spec
        for one in _listed(fleet, APPLICATION_SET)
        if ((spec := _template(one)).get("destination") or {}).get("namespace") == namespace
    ]
    if len(found) != 1:
        return {}
    source = found[0].get("source") or {}
    parameters = (source.get("helm") or {}).get("parameters") or []
    return {
        "application": str(found[0]["name"]).removeprefix("appset-"),
        "repository": str(source.get("repoURL") or ""),
        "chart": str(source.get("path") or ""),
        "revision": str(source.get("targetRevision") or "main"),
        "parameters": tuple((str(p.get("name")), str(p.get("value"))) for p in parameters),
    }


def _template(application_set: Manifest) -> dict[str, Any]:
    spec = (application_set.document.get("spec") or {}).get("template") or {}
    return {**(spec.get("spec") or {}), "name": application_set.id.name}
