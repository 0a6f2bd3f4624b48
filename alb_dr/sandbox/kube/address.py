"""What a URL path of a Kubernetes API means."""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.sandbox.kube.resources import Registry, Resource
from alb_dr.sandbox.kube.status import no_such_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A collection, an object, or a subresource of one."""

    resource: Resource
    namespace: str
    name: str
    subresource: str

    @property
    def full_name(self) -> str:
        """The plural with its subresource, as access rules name it."""
        sub = f"/{self.subresource}" if self.subresource else ""
        return f"{self.resource.plural}{sub}"


def address_of(registry: Registry, parts: list[str]) -> Address:
    """The address of ``/api/v1/...`` or ``/apis/<group>/<version>/...``; 404 when unknown."""
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    resource = registry.find(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise no_such_path()
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if subresource and subresource not in resource.subresources:
        raise no_such_path()
    return Address(resource=resource, namespace=namespace, name=name, subresource=subresource)
