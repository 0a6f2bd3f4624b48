"""The objects the contract is tried with, as small as a real API lets them be."""

from __future__ import annotations

from typing import Any

from alb_dr.model.manifest import (
    ALB_CONFIG,
    CONFIG_MAP,
    DEPLOYMENT,
    EVENT,
    INGRESS,
    LEASE,
    Kind,
    Manifest,
    ResourceId,
)

Json = dict[str, Any]
GATEWAY = "contract.example.com/gateway"
"""An annotation key with a slash, as those of the ALB controller."""


def manifest(kind: Kind, name: str, namespace: str | None, **fields: Any) -> Manifest:
    """Any object; ``metadata`` fields other than the name are given as ``metadata``."""
    metadata = {"name": name, **fields.pop("metadata", {})}
    if namespace is not None:
        metadata["namespace"] = namespace
    document = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **fields}
    return Manifest(id=ResourceId(kind=kind, name=name, namespace=namespace), document=document)


def config_map(
    namespace: str,
    name: str = "settings",
    *,
    data: dict[str, str] | None = None,
    **metadata: Any,
) -> Manifest:
    """A ConfigMap."""
    fields: Json = {"metadata": metadata}
    if data is not None:
        fields["data"] = data
    return manifest(CONFIG_MAP, name, namespace, **fields)


def ingress(namespace: str, *, host: str = "a.example.com", **annotations: str) -> Manifest:
    """An Ingress with one rule; annotation names get a prefix."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return manifest(
        INGRESS,
        "web",
        namespace,
        metadata={"annotations": {f"contract.example.com/{k}": v for k, v in annotations.items()}},
        spec={"ingressClassName": "alb", "rules": [{"host": host, "http": {"paths": [path]}}]},
    )


def deployment(namespace: str, *, replicas: int | None = 3, **metadata: Any) -> Manifest:
    """A Deployment; without ``replicas`` the default is the server's."""
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]},
    }
    spec: Json = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    if replicas is not None:
        spec["replicas"] = replicas
    return manifest(DEPLOYMENT, "web", namespace, metadata=metadata, spec=spec)


def lease(namespace: str, renewed: str = "2026-01-02T03:04:05.000006Z") -> Manifest:
    """A Lease held by ann."""
    spec = {"holderIdentity": "ann", "leaseDurationSeconds": 30, "renewTime": renewed}
    return manifest(LEASE, "lock", namespace, spec=spec)


def alb_config(name: str, *, ports: tuple[int, ...] = (80,), **metadata: Any) -> Manifest:
    """An AlbConfig, a custom kind without a schema."""
    listeners = [{"port": port, "protocol": "HTTP"} for port in ports]
    spec = {"config": {"name": "contract", "addressType": "Internet"}, "listeners": listeners}
    return manifest(ALB_CONFIG, name, None, metadata=metadata, spec=spec)


def event(namespace: str, name: str, about: str) -> Manifest:
    """An Event about a ConfigMap."""
    return manifest(
        EVENT,
        name,
        namespace,
        involvedObject={
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": about,
            "namespace": namespace,
        },
        reason="Tried",
        message="it was tried",
        type="Normal",
        source={"component": "contract"},
    )


def document(manifest: Manifest) -> Json:
    """The document of a manifest, to be sent."""
    return dict(manifest.document)


def changed(wanted: Json, path: str, value: Any) -> Json:
    """The document with one field set, or taken away for None."""
    *way, last = path.split(".")
    here: Any = wanted
    for step in way:
        here = here[int(step)] if step.isdecimal() else here[step]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return wanted
