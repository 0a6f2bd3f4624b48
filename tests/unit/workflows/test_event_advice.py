"""The controller's complaints: known ones carry advice, each is said once."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from alb_dr.errors import Unreachable
from alb_dr.model.manifest import ALB_CONFIG, ResourceId
from alb_dr.workflows.live.event_advice import CATALOGUE, advice_for, advised
from alb_dr.workflows.live.event_watch import EventWatch
from tests.fakes.kube import FakeKube
from tests.fakes.voice import TellTale

NOW = datetime(2026, 3, 1, 12, 0, 0, 700_000, tzinfo=UTC)
ABOUT = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")

MESSAGES = {
    "cluster service type just support eni mode for alb ingress": "CLUSTER_SVC_ENI_MODE",
    "backend not found: unable to find port 80 on service gateway-demo/s": "BACKEND_NOT_FOUND",
    "cluster c9 is not associated with the Fleet": "CLUSTER_NOT_CONNECTED",
    "cluster c9 is not connected to the gateway": "CLUSTER_NOT_CONNECTED",
    "'grpc' backend protocol must be used with https listener": "GRPC_TLS",
    "listener is not exist in gw, port: 80, protocol: HTTP": "LISTENER_NOT_EXIST",
    "listener not found for (443/HTTPS)": "LISTENER_NOT_FOUND",
    "Listener is not fulfilled yet": "LISTENER_NOT_FULFILLED",
    "listener already in use, set forceOverride to true": "LISTENER_IN_USE",
    "IncorrectStatus VipStatusNotSupport": "VIP_STATUS_NOT_SUPPORT",
    "empty https listener default certs": "HTTPS_EMPTY_CERT",
    "none certificate found for host: a.b": "CERT_NOT_FOUND",
    "CertificateId 123 is expired": "CERT_INVALID",
    "json: cannot unmarshal string into Go struct field X.y of type bool": "UNMARSHAL",
    "PathConfig.Values.1 is illegal": "RULE_PATH_ILLEGAL",
    "prefix path shouldn't contain wildcards": "PREFIX_PATH_WILDCARD",
    "RuleActions is mandatory for this action": "RULE_ACTIONS_MANDATORY",
    "SourceIpConfig.Values is illegal": "SOURCE_IP_VALUES_ILLEGAL",
    "RewriteConfig.Query is illegal": "REWRITE_QUERY_ILLEGAL",
    "ServerGroupName is illegal": "SG_NAME_ILLEGAL",
    "sgp-abc is in use": "SG_IN_USE",
    "StickySessionConfig.Cookie is illegal": "INVALID_SG_COOKIE",
    "SlowStartConfig needs Scheduler wrr": "SLOW_START_ALG_MISMATCH",
    "quota alb_quota_loadbalancer_rules_num of alb-1 is exceeded": "QUOTA_RULES_NUM",
    "alb_quota_rule_matchevaluations_num exceeded": "QUOTA_RULE_MATCH_EVAL",
    "alb_quota_server_added_num exceeded": "QUOTA_SERVER_ADDED_NUM",
    "Request was denied due to user flow control": "API_FLOW_CONTROL",
    "empty load balancer zone mapping": "EMPTY_ZONE_MAPPING",
    "The param size of ZoneMappings is illegal": "ZONE_MAPPINGS_SIZE_ILLEGAL",
    "ZoneMappings.2.ZoneId is duplicated": "ZONE_ID_DUPLICATED",
    "The specified resource vsw-1 is not found": "VSWITCH_NOT_FOUND",
    "OperationDenied.VSwitchNotSupportIpv6": "VSWITCH_NOT_SUPPORT_IPV6",
    "resource alb-1 is not found": "ALB_NOT_EXIST",
    "Edition: Basic alb can't use for ingress controller": "BASIC_EDITION_NOT_SUPPORTED",
    "订单配置参数不符合校验条件": "ORDER_PARAM_INVALID",
    "alb-1 has been deleted on the console , please delete it": "ALB_DELETED_ON_CONSOLE",
    "IngressClass alb not found": "INGRESSCLASS_BINDMISS",
    "albconfig must be referenced in IngressClass alb": "INGRESSCLASS_NO_PARAMETERS",
    "failed to parse listen-ports configuration": "LISTEN_PORTS_JSON_ERROR",
    "invalid character 'x' after object key:value pair": "INVALID_CHAR",
    "unexpected end of JSON input": "UNEXPECTED_JSON_END",
    "cluster-weight.c1: 'many' is no whole number": "WEIGHTS",
    "can't exist Canary and customize condition at the same time": "CANARY_AND_CONDITION",
    "conflict Ingress group order: 5": "ORDER_CONFLICT",
    "acl and securityGroupIds cannot use together": "ACL_CONFIG",
    "LogStore must begin with alb_": "LOGSTORE",
}


@pytest.mark.parametrize(("message", "known"), MESSAGES.items(), ids=MESSAGES.values())
def test_a_known_complaint_is_recognised(message: str, known: str) -> None:
    found = advice_for(f"FailedBuildModel: {message} (request id 1)")
    assert found is not None
    assert found.id == known


def test_every_entry_has_an_example_and_ids_are_unique() -> None:
    assert {known.id for known in CATALOGUE} == set(MESSAGES.values())
    assert len({known.id for known in CATALOGUE}) == len(CATALOGUE)
    assert all(re.compile(known.pattern) for known in CATALOGUE)


def test_an_unknown_complaint_stays_as_it_is() -> None:
    assert advised("FailedApplyModel: something new") == "FailedApplyModel: something new"


def an_event(at: str, message: str, name: str = "e1") -> dict[str, object]:
    """A Warning about the AlbConfig."""
    about = {"apiVersion": "alibabacloud.com/v1", "kind": "AlbConfig", "name": ABOUT.name}
    return {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"},
        "involvedObject": about, "type": "Warning", "reason": "FailedBuildModel",
        "message": message, "lastTimestamp": at,
    }  # fmt: skip


def test_a_complaint_is_said_once_with_its_advice() -> None:
    fleet, voice = FakeKube(), TellTale()
    client = fleet.cluster.client("controller")
    client.create("events", an_event("2026-03-01T11:59:00Z", "an old complaint", "old"))
    client.create("events", an_event("2026-03-01T12:00:00Z", "empty load balancer zone mapping"))
    watch = EventWatch(fleet, ABOUT, since=NOW, narrator=voice)
    assert watch.last is None
    watch.look()
    watch.look()
    expected = (
        "FailedBuildModel: empty load balancer zone mapping (what to do: correct "
        "gateway.zoneMappings; vSwitches of another VPC are dropped in silence)"
    )
    assert voice.warnings == [expected]
    assert watch.last == expected


def test_an_api_that_is_away_does_not_end_the_wait() -> None:
    fleet, voice = FakeKube(), TellTale()
    fleet.fail = lambda _call: Unreachable("nobody answers")
    EventWatch(fleet, ABOUT, since=NOW, narrator=voice).look()
    assert voice.warnings == []
