"""The adapter with the real SDKs against the stand-in cloud: what goes in comes out."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alb_dr.clock import RealClock
from alb_dr.cloud.adapter import AlibabaCloud
from alb_dr.cloud.endpoints import VARIABLES
from alb_dr.cloud.failures import is_busy, refused
from alb_dr.errors import (
    AlbDrError,
    BadInput,
    CredentialsError,
    Forbidden,
    NotFound,
    Rejected,
    Unreachable,
)
from alb_dr.model.cloud import RAM_ACTIONS, ForwardingRule, SecurityGroupRule
from alb_dr.sandbox.cloud import server as server_module
from alb_dr.sandbox.cloud.faults import CloudFault
from alb_dr.sandbox.cloud.signature import AccessKey
from tests.fakes.cloud import (
    FLEET,
    KEY,
    TEMPORARY,
    VPC,
    TestCloud,
    a_cloud,
    a_vswitch,
    close_sessions,
)
from tests.fakes.raw_server import answering, http, read_request, serving

pytest.importorskip("alibabacloud_alb20200616", reason="the SDKs are in the extra 'cloud'")


@pytest.fixture(autouse=True)
def no_session() -> Iterator[None]:
    """Also where another server than the stand-in cloud answers."""
    yield
    close_sessions()


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    """A healthy account."""
    with a_cloud() as found:
        yield found


def everything(client: AlibabaCloud) -> dict[str, Any]:
    """One call of every method."""
    return {
        "alb_zones": client.alb_zones(),
        "fleets": client.fleets(),
        "associated": client.associated(FLEET),
        "cluster": client.cluster("c1"),
        "vswitches": client.vswitches(VPC),
        "vswitch": client.vswitch("vsw-2"),
        "security_group": client.security_group("sg-1"),
        "load_balancer": client.load_balancer("alb-1"),
        "listeners": client.listeners("alb-1"),
        "rules": client.rules("alb-1"),
        "server_groups": client.server_groups(["sgp-c1", "sgp-c2"]),
        "fleet_kubeconfig": client.fleet_kubeconfig(FLEET),
        "cluster_kubeconfig": client.cluster_kubeconfig("c2"),
    }


@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["access key", "temporary token"])
def test_every_answer_is_understood(cloud: TestCloud, key: AccessKey) -> None:
    state = cloud.state
    assert everything(cloud.client(key)) == {
        "alb_zones": state.alb_zones,
        "fleets": state.fleets,
        "associated": state.associated[FLEET],
        "cluster": state.clusters["c1"],
        "vswitches": state.vswitches,
        "vswitch": state.vswitches[1],
        "security_group": state.security_groups["sg-1"],
        "load_balancer": state.load_balancers["alb-1"],
        "listeners": state.listeners["alb-1"],
        "rules": state.rules["alb-1"],
        "server_groups": state.server_groups,
        "fleet_kubeconfig": f"kubeconfig of {FLEET}",
        "cluster_kubeconfig": "kubeconfig of c2",
    }


def test_the_ram_actions_are_exactly_those_that_are_called(cloud: TestCloud) -> None:
    everything(cloud.client())
    zone = cloud.state.load_balancers["alb-1"].zones[1]
    cloud.switch().start_shift("alb-1", zone, token="out")
    cloud.switch().cancel_shift("alb-1", zone, token="back")
    assert set(cloud.server.calls) == {action.action for action in RAM_ACTIONS}


def test_pages_are_followed(cloud: TestCloud) -> None:
    vswitches = tuple(a_vswitch(f"vsw-{n}", "b", n % 250) for n in range(120))
    rule = cloud.state.rules["alb-1"][0]
    rules = tuple(dataclasses.replace(rule, id=f"rule-{n}") for n in range(230))
    cloud.change(vswitches=vswitches, rules={"alb-1": rules})
    client = cloud.client()
    assert client.vswitches(VPC) == vswitches
    assert client.rules("alb-1") == rules
    assert cloud.server.calls.count("vpc:DescribeVSwitches") == 3
    assert cloud.server.calls.count("alb:ListRules") == 3


def test_what_is_absent_is_said_so(cloud: TestCloud) -> None:
    client = cloud.client()
    assert client.vswitch("vsw-none") is None
    assert client.server_groups([]) == ()
    for ask in (
        lambda: client.cluster("cnone"),
        lambda: client.load_balancer("alb-none"),
        lambda: client.security_group("sg-none"),
        lambda: client.associated("cnone"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_rule_without_conditions_and_a_port_range_survive(cloud: TestCloud) -> None:
    bare = ForwardingRule(id="r", listener_id="lsn-1", hosts=(), paths=(), groups=())
    rule = SecurityGroupRule(
        accept=False, protocol="tcp", ports=(80, 90), priority=7, source="10.1.0.0/16"
    )
    group = dataclasses.replace(cloud.state.security_groups["sg-1"], rules=(rule,))
    cloud.change(rules={"alb-1": (bare,)}, security_groups={"sg-1": group})
    client = cloud.client()
    assert client.rules("alb-1") == (bare,)
    assert client.security_group("sg-1") == group


def failure(cloud: TestCloud, fault: CloudFault | None = None, **more: Any) -> AlbDrError:
    """The error of one call."""
    if fault is not None:
        cloud.server.faults.inject(fault)
    with pytest.raises(AlbDrError) as caught:
        cloud.client(**more).alb_zones()
    return caught.value


def test_throttling_is_waited_for(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="throttling", times=2))
    assert cloud.client().alb_zones() == cloud.state.alb_zones


def test_throttling_without_end_is_one_line(cloud: TestCloud) -> None:
    error = failure(cloud, CloudFault(name="throttling"), timeout_s=0.5)
    assert isinstance(error, Unreachable)
    assert error.message == (
        "alb:DescribeZones: Throttling.User: Request was denied due to user flow control."
    )


def test_F33_too_many_requests_is_busy_whatever_the_code_is() -> None:
    assert is_busy("429", 429)
    assert isinstance(refused("alb:ListRules", "429", 429, {}), Unreachable)


def test_F35_an_unknown_refusal_with_401_is_about_the_credentials() -> None:
    assert isinstance(refused("alb:ListRules", "401", 401, {}), CredentialsError)


def test_a_server_error_is_tried_again(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="server-error", times=1))
    assert cloud.client().alb_zones() == cloud.state.alb_zones


def test_a_missing_right_names_the_ram_action(cloud: TestCloud) -> None:
    error = failure(cloud, CloudFault(name="forbidden"))
    assert isinstance(error, Forbidden)
    assert error.message == (
        "alb:DescribeZones: Forbidden.RAM: User not authorized to operate on the specified "
        "resource."
    )
    assert error.hint == (
        "grant the RAM action alb:DescribeZones (alb-dr check --print-permissions prints all)"
    )


def test_a_product_that_is_not_open_says_so(cloud: TestCloud) -> None:
    error = failure(cloud, CloudFault(name="not-open"))
    assert (type(error), error.code) == (Rejected, "ADR-CLOUD-NOT-OPEN")
    assert error.hint == "activate ALB for this account in the console"


def test_an_expired_token_says_so(cloud: TestCloud) -> None:
    error = failure(cloud, CloudFault(name="expired-token"))
    assert isinstance(error, CredentialsError)
    assert error.hint == "the temporary token has ended; get a new one"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (AccessKey(id="nobody", secret="x"), "InvalidAccessKeyId.NotFound"),
        (AccessKey(id=KEY.id, secret="not-the-one"), "SignatureDoesNotMatch"),
        (dataclasses.replace(TEMPORARY, token="old"), "InvalidSecurityToken.Expired"),
        (dataclasses.replace(TEMPORARY, token=""), "InvalidSecurityToken.Expired"),
    ],
    ids=["unknown key", "wrong secret", "old token", "no token"],
)
def test_a_wrong_key_is_one_line_without_the_secret(
    cloud: TestCloud, key: AccessKey, code: str
) -> None:
    error = failure(cloud, key=key)
    assert isinstance(error, CredentialsError)
    assert error.message.startswith(f"alb:DescribeZones: {code}: ")
    assert key.secret not in f"{error.message} {error.hint}"
    assert cloud.server.calls == []


def test_a_wrong_clock_is_one_line(cloud: TestCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + timedelta(hours=1)

    monkeypatch.setattr(server_module, "datetime", Later)
    error = failure(cloud)
    assert (type(error), error.code) == (CredentialsError, "ADR-CLOUD-CLOCK")
    assert error.hint == "this machine's clock is wrong; set it"


def test_an_unknown_region_is_one_line() -> None:
    with a_cloud() as cloud:
        environ = {"ALB_DR_ENDPOINT_ALB": "https://alb.cn-nowhere.invalid"}
        error = failure(cloud, environ=environ, timeout_s=1.0)
    assert isinstance(error, Unreachable)
    assert error.message == "alb:DescribeZones: the endpoint's name does not resolve"


def test_a_cut_network_is_one_line() -> None:
    with a_cloud() as cloud:
        pass
    error = failure(cloud, timeout_s=0.5)
    assert isinstance(error, Unreachable)
    assert error.message == "alb:DescribeZones: connection refused"


def test_silence_ends_at_the_deadline(cloud: TestCloud) -> None:
    clock = RealClock()
    began = clock.monotonic()
    error = failure(cloud, CloudFault(name="slow", delay_s=10), timeout_s=0.6)
    assert error.message == "alb:DescribeZones: no answer in time"
    assert clock.monotonic() - began < 3.0


def test_plain_http_goes_to_this_machine_only(cloud: TestCloud) -> None:
    environ = {"ALB_DR_ENDPOINT_ALB": "http://alb.example.com"}
    error = failure(cloud, environ=environ)
    assert isinstance(error, BadInput)
    assert error.message == "ALB_DR_ENDPOINT_ALB: plain http is only allowed to this machine"


@pytest.mark.parametrize("text", ["ftp://x", "http://", "host:port", "https://h/path", "a b:c@d"])
def test_a_broken_endpoint_is_refused(cloud: TestCloud, text: str) -> None:
    error = failure(cloud, environ={"ALB_DR_ENDPOINT_ALB": text})
    assert isinstance(error, BadInput)


def environ_of(port: int) -> dict[str, str]:
    """Every product's endpoint on a port of this machine."""
    return dict.fromkeys(VARIABLES.values(), f"http://127.0.0.1:{port}")


GARBAGE = {
    "a login page": http("<html>login</html>", headers="Content-Type: text/html\r\n"),
    "an empty answer": http(""),
    "a list": http("[1, 2]"),
    "null": http("null"),
    "JSON of somebody else": http('{"kind": "Lease"}'),
    "fields of other types": http('{"Zones": 5, "vswitch_ids": 7, "Clusters": {"a": 1}}'),
    "a refusal that is not JSON": http("oops", status=403),
    "a refusal that is a list": http("[]", status=400),
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("method", ["alb_zones", "fleets", "cluster"])
def test_F40_garbage_is_one_line_and_no_bug(cloud: TestCloud, method: str, answer: bytes) -> None:
    with serving(answering(answer)) as server:
        client = cloud.client(environ=environ_of(server.port), timeout_s=1.0)
        with pytest.raises(Unreachable, match=r"the answer is not what the cloud says$"):
            getattr(client, method)(*(["c1"] if method == "cluster" else []))


def test_F40_an_answer_that_trickles_in_ends_at_the_deadline(cloud: TestCloud) -> None:
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not over.wait(0.05):
            connection.sendall(b" ")

    clock = RealClock()
    began = clock.monotonic()
    with serving(trickle) as server:
        client = cloud.client(environ=environ_of(server.port), timeout_s=0.5)
        try:
            with pytest.raises(Unreachable, match="no answer in time"):
                client.alb_zones()
            assert clock.monotonic() - began < 3.0
        finally:
            over.set()
