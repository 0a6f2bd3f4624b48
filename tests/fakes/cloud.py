"""A stand-in cloud for the real SDKs, in a thread of the test, with a healthy account in it."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alb_dr.clock import RealClock
from alb_dr.cloud.adapter import AlibabaCloud
from alb_dr.cloud.endpoints import VARIABLES
from alb_dr.cloud.sdk import Sdk
from alb_dr.cloud.zones import AlbZoneSwitch
from alb_dr.model.cloud import (
    AlbZone,
    AssociatedCluster,
    ClusterDetails,
    FleetDetails,
    ForwardingRule,
    ListenerState,
    LoadBalancer,
    SecurityGroup,
    SecurityGroupRule,
    ServerGroup,
    VSwitch,
)
from alb_dr.sandbox.cloud.server import CloudServer
from alb_dr.sandbox.cloud.signature import AccessKey, Verifier
from alb_dr.sandbox.cloud.state import CloudState

KEY = AccessKey(id="LTAI-test", secret="a secret of tests")
TEMPORARY = AccessKey(id="STS.test", secret="another secret", token="a token of tests")
VPC, FLEET = "vpc-1", "cfleet"


def a_vswitch(id_: str, zone: str, n: int = 0, **changes: Any) -> VSwitch:
    """A vSwitch that an ALB could use."""
    values: dict[str, Any] = {
        "id": id_, "name": f"name of {id_}", "vpc_id": VPC, "zone_id": f"cn-hongkong-{zone}",
        "cidr": f"10.0.{n}.0/24", "free_addresses": 200, "status": "Available",
    }  # fmt: skip
    return VSwitch(**(values | changes))


def an_account(**changes: Any) -> CloudState:
    """A healthy account: a Fleet of two members, two vSwitches, an ALB with weights 20 and 80."""
    names = {"c1": "poc-ack-1", "c2": "poc-ack-2"}
    everything = SecurityGroupRule(
        accept=True, protocol="all", ports=(1, 65_535), priority=1, source="10.0.0.0/8"
    )
    values: dict[str, Any] = {
        "region": "cn-hongkong",
        "alb_zones": ("cn-hongkong-b", "cn-hongkong-c", "cn-hongkong-d"),
        "fleets": (
            FleetDetails(
                id=FLEET, name="fleet", state="running", region="cn-hongkong", vpc_id=VPC,
                vswitch_ids=("vsw-1",), gitops=True,
            ),
        ),
        "associated": {
            FLEET: tuple(
                AssociatedCluster(
                    id=id_, name=name, state="running", association="Successed", vpc_id=VPC
                )
                for id_, name in names.items()
            )
        },
        "clusters": {
            id_: ClusterDetails(
                id=id_, name=name, state="running", vpc_id=VPC, vswitch_ids=(f"vsw-{id_[1]}",),
                security_group_id=f"sg-{id_[1]}",
            )
            for id_, name in names.items()
        },
        "vswitches": (a_vswitch("vsw-1", "b", 1), a_vswitch("vsw-2", "c", 2)),
        "security_groups": {
            f"sg-{n}": SecurityGroup(id=f"sg-{n}", rules=(everything,)) for n in (1, 2)
        },
        "load_balancers": {
            "alb-1": LoadBalancer(
                id="alb-1", name="one-alb-demo", status="Active", edition="Standard", vpc_id=VPC,
                dns_name="alb-1.test", address_mode="Fixed",
                zones=tuple(
                    AlbZone(
                        id=f"cn-hongkong-{zone}", vswitch_id=f"vsw-{n}", state="Active",
                        addresses=(f"203.0.113.{n}",),
                    )
                    for n, zone in ((1, "b"), (2, "c"))
                ),
            )
        },
        "listeners": {
            "alb-1": (
                ListenerState(id="lsn-8001", port=8001, protocol="HTTP", status="Running"),
            )
        },
        "rules": {
            "alb-1": (
                ForwardingRule(
                    id="rule-1", listener_id="lsn-8001", hosts=("alb.ingress.alibaba.com",),
                    paths=("/svc1", "/svc1/*"), groups=(("sgp-c1", 20), ("sgp-c2", 80)),
                ),
            )
        },
        "server_groups": tuple(
            ServerGroup(
                id=f"sgp-{id_}", name=id_, cross_zone=True, health_check=True, servers=2
            )
            for id_ in names
        ),
        "kubeconfigs": {id_: f"kubeconfig of {id_}" for id_ in (FLEET, *names)},
    }  # fmt: skip
    return CloudState(**(values | changes))


class TestCloud:
    """The server, its port, and what it serves."""

    __test__ = False

    def __init__(self, state: CloudState) -> None:
        self.state = state
        self.server = CloudServer(lambda: self.state, Verifier(KEY, TEMPORARY))
        self.port = 0

    def change(self, **changes: Any) -> None:
        """Another account from now on."""
        self.state = dataclasses.replace(self.state, **changes)

    def environ(self) -> dict[str, str]:
        """The variables that lead every product's SDK here."""
        return dict.fromkeys(VARIABLES.values(), f"http://127.0.0.1:{self.port}")

    def client(self, key: AccessKey = KEY, *, timeout_s: float = 5.0, **more: Any) -> AlibabaCloud:
        """The adapter with the real SDKs, aimed here."""
        return AlibabaCloud(self._sdk(key, timeout_s=timeout_s, **more))

    def switch(self, key: AccessKey = KEY, *, timeout_s: float = 5.0) -> AlbZoneSwitch:
        """The writing adapter, aimed here."""
        return AlbZoneSwitch(self._sdk(key, timeout_s=timeout_s))

    def _sdk(self, key: AccessKey, *, timeout_s: float, **more: Any) -> Sdk:
        return Sdk(
            region=more.pop("region", "cn-hongkong"),
            clock=more.pop("clock", RealClock()),
            timeout_s=timeout_s,
            environ=more.pop("environ", None) or self.environ(),
            credential=lambda: credential_of(key),
        )


def credential_of(key: AccessKey) -> Any:
    """The SDK's own client for a key."""
    from alibabacloud_credentials.client import Client
    from alibabacloud_credentials.models import Config

    config = Config(type="access_key", access_key_id=key.id, access_key_secret=key.secret)
    if key.token:
        config.type, config.security_token = "sts", key.token
    return Client(config)


def close_sessions() -> None:
    """Close what the SDKs keep open to each address for the rest of a process's life."""
    from darabonba.core import DaraCore

    while DaraCore._sessions:
        DaraCore._sessions.popitem()[1].close()


@contextmanager
def a_cloud(state: CloudState | None = None) -> Iterator[TestCloud]:
    """A stand-in cloud for the length of a block."""
    cloud = TestCloud(state or an_account())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    started = asyncio.run_coroutine_threadsafe(cloud.server.start(host="127.0.0.1"), loop)
    cloud.port = started.result(10)
    try:
        yield cloud
    finally:
        close_sessions()
        asyncio.run_coroutine_threadsafe(cloud.server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
