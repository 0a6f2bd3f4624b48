"""Ingresses, weights and the members' endpoints → the gateway's data plane."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers import annotations as read
from alb_dr.sandbox.controllers.albconfig import ALB_CONFIGS
from alb_dr.sandbox.controllers.endpointslice import SLICES
from alb_dr.sandbox.controllers.pod_network import bound
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.controllers.verdicts import Verdicts
from alb_dr.sandbox.gateway import Backend, GatewayState, MemberGroup, Rule
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.names import addresses_of, zone_address

INGRESSES = "ingresses.networking.k8s.io"
CLASSES = "ingressclasses.networking.k8s.io"
Endpoints = tuple[tuple[str, int], ...]


class IngressController:
    """Builds the gateway's state and hands it over after the propagation delay.

    One Ingress it cannot build blocks the rules of all: ALB's controller does the same.
    """

    def __init__(
        self,
        fleet: KubeClient,
        members: Mapping[str, KubeClient],
        *,
        visible: Callable[[str], bool],
        follow: Callable[[GatewayState], None],
        propagation_s: float,
    ) -> None:
        self._fleet = fleet
        self._members = members
        self._visible = visible
        self._follow = follow
        self.propagation_s = propagation_s
        self._verdicts = Verdicts(fleet)
        self._state = GatewayState()
        self._decided = self._shown = 0
        self._last_seen: dict[tuple[str, str, str, int], Endpoints] = {}

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        members = [m.subscribe(SLICES, "services") for m in self._members.values()]
        fleet = self._fleet.subscribe(INGRESSES, CLASSES, ALB_CONFIGS)
        return Reconciler([fleet, *members], self.reconcile)

    async def reconcile(self) -> float | None:
        """Build the state anew; hand it over if it changed, and say so."""
        gateways = {a["metadata"]["name"]: a for a in self._fleet.list(ALB_CONFIGS)}
        gateways = {n: a for n, a in gateways.items() if _ready(a)}
        ports = tuple(sorted({int(x["port"]) for a in gateways.values() for x in _listeners(a)}))
        try:
            rules, backends, built = self._built(gateways)
        except _BlockedError:
            self._verdicts.blocked()
            rules, backends, built = list(self._state.rules), list(self._state.backends), []
        zones = max((len(list(addresses_of(a))) for a in gateways.values()), default=1)
        state = GatewayState(
            addresses=tuple(zone_address(n + 1) for n in range(max(1, zones))),
            ports=ports,
            rules=tuple(rules),
            backends=tuple(backends),
        )
        if state != self._state:
            new_ports = state.ports != self._state.ports
            self._state = state
            self._decided += 1
            if new_ports:
                # Listeners belong to the ALB's creation, whose delay has passed already.
                self._hand_over(self._decided, state)
            else:
                loop = asyncio.get_running_loop()
                loop.call_later(self.propagation_s, self._hand_over, self._decided, state)
        waits = [w for i, a in built if (w := self._announce(i, a)) is not None]
        return min(waits, default=None)

    def _hand_over(self, number: int, state: GatewayState) -> None:
        """Show a state to the data plane, unless a newer one was shown already."""
        if number > self._shown:
            self._shown = number
            self._follow(state)

    def _built(
        self, gateways: Mapping[str, Json]
    ) -> tuple[list[Rule], list[Backend], list[tuple[Json, Json]]]:
        """The rules and backends of all, and each Ingress with its AlbConfig."""
        rules: list[Rule] = []
        backends: list[Backend] = []
        done: list[tuple[Json, Json]] = []
        blocked = False
        for ingress in self._sorted():
            albconfig = self._gateway_of(ingress, gateways)
            if albconfig is None:
                continue
            try:
                found = self._ingress(ingress, albconfig)
            except read.AnnotationError as error:
                self._verdicts.complain(ingress, str(error))
                blocked = True
                continue
            rules += found[0]
            backends += found[1]
            done.append((ingress, albconfig))
        if blocked:
            raise _BlockedError
        return rules, list({b.name: b for b in backends}.values()), done

    def _sorted(self) -> Sequence[Json]:
        """Headers first, then by order, then by name: the first match wins."""

        def key(ingress: Json) -> tuple[bool, int, str, str]:
            found = ingress["metadata"].get("annotations") or {}
            name, namespace = ingress["metadata"]["name"], ingress["metadata"]["namespace"]
            return read.canary_header(found) is None, read.order(found), namespace, name

        live = self._fleet.list(INGRESSES)
        return sorted((i for i in live if not i["metadata"].get("deletionTimestamp")), key=key)

    def _gateway_of(self, ingress: Json, gateways: Mapping[str, Json]) -> Json | None:
        class_name = ingress["spec"].get("ingressClassName")
        ingress_class = self._fleet.get(CLASSES, class_name) if class_name else None
        parameters = ((ingress_class or {}).get("spec") or {}).get("parameters") or {}
        return gateways.get(parameters.get("name", ""))

    def _ingress(self, ingress: Json, albconfig: Json) -> tuple[list[Rule], list[Backend]]:
        found = ingress["metadata"].get("annotations") or {}
        weights = read.weights(found)
        wanted = read.listen_ports(found, has_tls=bool(ingress["spec"].get("tls")))
        have = {(str(x.get("protocol")), int(x["port"])) for x in _listeners(albconfig)}
        for protocol, port in wanted:
            if (protocol, port) not in have:
                name = albconfig["metadata"]["name"]
                raise read.AnnotationError(
                    f"listener is not exist in {name}, port: {port}, protocol: {protocol}"
                )
        rules: list[Rule] = []
        backends: list[Backend] = []
        for rule in ingress["spec"].get("rules") or []:
            for path in (rule.get("http") or {}).get("paths") or []:
                backend = self._backend(ingress, path, weights)
                backends.append(backend)
                rules += [
                    Rule(
                        port=port,
                        host=rule.get("host") or "*",
                        path=path.get("path") or "/",
                        path_type=path.get("pathType", "Prefix"),
                        backend=backend.name,
                        header=read.canary_header(found),
                    )
                    for _, port in wanted
                ]
        return rules, backends

    def _backend(self, ingress: Json, path: Json, weights: Mapping[str, int]) -> Backend:
        service = path["backend"]["service"]
        namespace, name = ingress["metadata"]["namespace"], service["name"]
        port = int((service.get("port") or {}).get("number", 0))
        groups = [
            MemberGroup(
                member=member,
                weight=weight,
                endpoints=self._endpoints(member, namespace, name, port),
            )
            for member, weight in weights.items()
        ]
        key = re.sub(r"[^a-z0-9-]", "-", f"{namespace}-{ingress['metadata']['name']}-{name}-{port}")
        found = ingress["metadata"].get("annotations") or {}
        return Backend(name=key, groups=tuple(groups), health_check=read.health_check(found))

    def _endpoints(self, member: str, namespace: str, service: str, port: int) -> Endpoints:
        """Ready endpoints in a member; the last ones seen while its API cannot be reached."""
        key = (member, namespace, service, port)
        client = self._members.get(member)
        if client is None:
            raise read.AnnotationError(f"cluster {member} is not connected to the gateway")
        if not self._visible(member):
            return self._last_seen.get(key, ())
        live = client.get("services", service, namespace)
        ports = ((live or {}).get("spec") or {}).get("ports") or []
        if not any(p["port"] == port for p in ports):
            raise read.AnnotationError(
                f"backend not found: unable to find port {port} on service {namespace}/{service} "
                f"in cluster {member}"
            )
        label = {"kubernetes.io/service-name": service}
        found = tuple(
            (bound(endpoint["addresses"][0]), int(endpoint_slice["ports"][0]["port"]))
            for endpoint_slice in client.list(SLICES, namespace, label)
            for endpoint in endpoint_slice.get("endpoints") or []
            if endpoint["conditions"]["ready"]
        )
        self._last_seen[key] = found
        return found

    def _announce(self, ingress: Json, albconfig: Json) -> float | None:
        """Write the ALB's name into the Ingress, and the event; seconds until it may be said."""
        dns = albconfig["status"]["loadBalancer"]["dnsname"]
        wanted = {"ingress": [{"hostname": dns}]}
        if (ingress.get("status") or {}).get("loadBalancer") != wanted:
            metadata = ingress["metadata"]
            self._fleet.merge(
                INGRESSES,
                metadata["name"],
                {"status": {"loadBalancer": wanted}},
                metadata["namespace"],
                subresource="status",
            )
        return self._verdicts.approve(ingress)


class _BlockedError(Exception):
    """An Ingress that cannot be built keeps all rules as they are."""


def _ready(albconfig: Json) -> bool:
    return bool(((albconfig.get("status") or {}).get("loadBalancer") or {}).get("dnsname"))


def _listeners(albconfig: Json) -> list[Json]:
    found: list[Json] = (albconfig.get("spec") or {}).get("listeners") or []
    return found
