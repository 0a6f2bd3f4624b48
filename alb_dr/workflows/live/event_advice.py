"""The controller's known complaints, and what to do about each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAdvice:
    """One known complaint: its pattern in an event's message, what it means, what to do.

    ``heals`` says that the controller repeats the step by itself and nothing needs to be done.
    """

    id: str
    pattern: str
    meaning: str
    advice: str
    heals: bool = False


def _known(
    id_: str, pattern: str, meaning: str, advice: str, *, heals: bool = False
) -> EventAdvice:
    return EventAdvice(id=id_, pattern=pattern, meaning=meaning, advice=advice, heals=heals)


CATALOGUE: tuple[EventAdvice, ...] = (
    _known(
        "CLUSTER_SVC_ENI_MODE",
        r"cluster service type just support eni mode for alb ingress",
        "a member with Flannel offers its Service as ClusterIP, which ALB cannot reach",
        "make the Service a NodePort with externalTrafficPolicy: Local",
    ),
    _known(
        "BACKEND_NOT_FOUND",
        r"backend not found: unable to find port \d+ on service",
        "the Service, or this port of it, is missing in a member",
        "alb-dr distribute status; compare ingress.service with the Service in every member",
    ),
    _known(
        "CLUSTER_NOT_CONNECTED",
        r"cluster \S+ is not (associated with the Fleet|connected to the gateway)",
        "an annotation names a cluster that is not associated with the Fleet",
        "correct members[].id, or associate the cluster with the Fleet",
    ),
    _known(
        "GRPC_TLS",
        r"'grpc' backend protocol must be use",
        "a gRPC backend needs an HTTPS listener and spec.tls",
        "add an HTTPS listener, or take backend-protocol: grpc away",
    ),
    _known(
        "LISTENER_NOT_EXIST",
        r"listener is not exist in",
        "the Ingress names a port for which the AlbConfig has no listener",
        "add the port to gateway.listeners, then alb-dr gateway create",
    ),
    _known(
        "LISTENER_NOT_FOUND",
        r"listener not found for \((\d+)/(\w+)\)",
        "the Ingress names a port for which the AlbConfig has no listener",
        "add the port to gateway.listeners, then alb-dr gateway create",
    ),
    _known(
        "LISTENER_NOT_FULFILLED",
        r"Listener is not fulfilled yet",
        "a listener is not ready, or an earlier error keeps it from getting ready",
        "look for an earlier warning; without one it heals by itself",
        heals=True,
    ),
    _known(
        "LISTENER_IN_USE",
        r"listener already in use.*forceOverride",
        "the reused ALB has a listener on this port already",
        "set spec.config.listenerForceOverride in the AlbConfig, or choose another port",
    ),
    _known(
        "VIP_STATUS_NOT_SUPPORT",
        r"VipStatusNotSupport",
        "the ALB instance is being configured",
        "wait; the controller tries again",
        heals=True,
    ),
    _known(
        "HTTPS_EMPTY_CERT",
        r"empty https listener default certs",
        "an HTTPS listener has no certificate",
        "name one: gateway.listeners[].certificateId",
    ),
    _known(
        "CERT_NOT_FOUND",
        r"none certificate found for host",
        "no certificate fits the host of the Ingress",
        "upload one for ingress.host, or name it in gateway.listeners[].certificateId",
    ),
    _known(
        "CERT_INVALID",
        r"CertificateId.*expired|NameRepeat|Certificates is not valid|HttpsCertCommonNameEmpty",
        "a certificate is expired, named twice or unusable",
        "renew it and name its id in gateway.listeners[].certificateId",
    ),
    _known(
        "UNMARSHAL",
        r"cannot unmarshal (string|bool|number) into Go struct field",
        "a field of the AlbConfig has the wrong YAML type, such as a quoted true",
        "compare the live AlbConfig with `alb-dr gateway render`",
    ),
    _known(
        "RULE_PATH_ILLEGAL",
        r"PathConfig\.Values\.\d+ is illegal",
        "a path has characters of a regular expression without use-regex",
        "write a plain ingress.path",
    ),
    _known(
        "PREFIX_PATH_WILDCARD",
        r"prefix path shouldn't contain wildcards",
        "a path of type Prefix holds a wildcard",
        "leave the * out; Prefix matches what is below anyway",
    ),
    _known(
        "RULE_ACTIONS_MANDATORY",
        r"RuleActions is mandatory",
        "an Ingress uses use-annotation without an actions annotation for that service",
        "add actions.<service>, or name a real Service",
    ),
    _known(
        "SOURCE_IP_VALUES_ILLEGAL",
        r"SourceIpConfig\.Values.*illegal",
        "a SourceIp condition holds no valid address range",
        "write CIDR blocks",
    ),
    _known(
        "REWRITE_QUERY_ILLEGAL",
        r"RewriteConfig\.Query is illegal",
        "a rewrite target is not allowed",
        "correct the rewrite-target annotation",
    ),
    _known(
        "SG_NAME_ILLEGAL",
        r"ServerGroupName.*illegal",
        "the name of a server group is not allowed",
        "shorten the names of namespace and Service",
    ),
    _known(
        "SG_IN_USE",
        r"sgp-\S+ is in use",
        "a server group is still used by another rule",
        "wait; it goes when the rule goes",
        heals=True,
    ),
    _known(
        "INVALID_SG_COOKIE",
        r"StickySessionConfig.*(Cookie|illegal)",
        "the cookie of session stickiness is not allowed",
        "correct the cookie annotation; stickiness also distorts the weights",
    ),
    _known(
        "SLOW_START_ALG_MISMATCH",
        r"SlowStart.*(Scheduler|wrr)",
        "slow start works with the wrr scheduler only",
        "take slow-start-enabled away, or the scheduler annotation",
    ),
    _known(
        "QUOTA_RULES_NUM",
        r"alb_quota_loadbalancer_rules_num.*is exceeded",
        "the ALB has as many forwarding rules as its quota allows",
        "raise the quota; it does not heal by itself, since adding comes before deleting",
    ),
    _known(
        "QUOTA_RULE_MATCH_EVAL",
        r"alb_quota_rule_matchevaluations_num",
        "a rule has more conditions than its quota allows",
        "raise the quota, or split the Ingress",
    ),
    _known(
        "QUOTA_SERVER_ADDED_NUM",
        r"alb_quota_server_added_num",
        "a server was added to more groups than its quota allows",
        "raise the quota, or use fewer Ingresses for one Service",
    ),
    _known(
        "API_FLOW_CONTROL",
        r"Request was denied due to user flow control",
        "the cloud throttles the controller",
        "wait; the controller tries again",
        heals=True,
    ),
    _known(
        "EMPTY_ZONE_MAPPING",
        r"empty load balancer zone mapping",
        "no vSwitch of the AlbConfig is in the Fleet's VPC and in a zone that ALB supports",
        "correct gateway.zoneMappings; vSwitches of another VPC are dropped in silence",
    ),
    _known(
        "ZONE_MAPPINGS_SIZE_ILLEGAL",
        r"param size of ZoneMappings is illegal",
        "fewer than two usable vSwitches are left",
        "name vSwitches in two zones; those of another VPC are dropped in silence",
    ),
    _known(
        "ZONE_ID_DUPLICATED",
        r"ZoneMappings\.\d+\.ZoneId is duplicated",
        "two vSwitches are in one zone",
        "choose vSwitches in different zones",
    ),
    _known(
        "VSWITCH_NOT_FOUND",
        r"resource (vsw-\S+) is not found",
        "a vSwitch does not exist in this account and region",
        "correct gateway.zoneMappings[].vSwitchId",
    ),
    _known(
        "VSWITCH_NOT_SUPPORT_IPV6",
        r"VSwitchNotSupportIpv6",
        "a vSwitch has no IPv6 range, and the ALB wants one",
        "give the vSwitch an IPv6 range, or use IPv4",
    ),
    _known(
        "ALB_NOT_EXIST",
        r"resource (alb-\S+) is not found",
        "the ALB the AlbConfig wants to reuse does not exist",
        "correct or remove spec.config.id",
    ),
    _known(
        "BASIC_EDITION_NOT_SUPPORTED",
        r"Edition.*Basic.*can't use for ingress controller",
        "the reused ALB is of the Basic edition",
        "upgrade it to Standard, or let the gateway make a new one",
    ),
    _known(
        "ORDER_PARAM_INVALID",
        r"订单配置参数不符合校验条件",
        "this region refuses addressAllocatedMode: Dynamic",
        "say gateway.addressAllocatedMode: Fixed",
    ),
    _known(
        "ALB_DELETED_ON_CONSOLE",
        r"has been deleted on the console",
        "somebody deleted the ALB behind the AlbConfig",
        "alb-dr gateway delete, then alb-dr gateway create",
    ),
    _known(
        "INGRESSCLASS_BINDMISS",
        r"IngressClass.*not found|ingressClassName.*not match",
        "the chain Ingress, IngressClass, AlbConfig is broken",
        "alb-dr gateway create makes the IngressClass anew",
    ),
    _known(
        "INGRESSCLASS_NO_PARAMETERS",
        r"albconfig must be referenced in IngressClass",
        "the IngressClass names no AlbConfig",
        "alb-dr gateway create writes its parameters",
    ),
    _known(
        "LISTEN_PORTS_JSON_ERROR",
        r"failed to parse listen-ports configuration",
        "the annotation listen-ports is not JSON",
        "alb-dr ingress apply writes it anew",
    ),
    _known(
        "INVALID_CHAR",
        r"invalid character .* after (object key:value pair|array element|top-level value)",
        "a JSON annotation holds full-width punctuation or is broken",
        "write it with plain ASCII punctuation",
    ),
    _known(
        "UNEXPECTED_JSON_END",
        r"unexpected end of JSON input",
        "a JSON annotation is cut off",
        "write it whole",
    ),
    _known(
        "WEIGHTS",
        r"cluster-weight",
        "the weights of the Ingress are not accepted",
        "alb-dr ingress set-weights; they must sum to 100 and name connected members only",
    ),
    _known(
        "CANARY_AND_CONDITION",
        r"can't exist Canary and customize condition at the same time",
        "an Ingress has canary and conditions annotations; the whole listener is blocked",
        "split it into two Ingresses",
    ),
    _known(
        "ORDER_CONFLICT",
        r"conflict Ingress group order",
        "two Ingresses of the gateway have the same explicit order",
        "give one of them another order annotation",
    ),
    _known(
        "ACL_CONFIG",
        r"acl and securityGroupIds cannot use together|AclEntr\w+.*(illegal|invalid)",
        "the access list of the AlbConfig is not accepted",
        "use either aclConfig or securityGroupIds, with valid address ranges",
    ),
    _known(
        "LOGSTORE",
        r"[Ll]og[Ss]tore.*(must|illegal|invalid|not exist)",
        "the access log of the AlbConfig is not accepted",
        "create the log store; its name must begin with alb_",
    ),
)
"""Messages seen from the open-source controller and in the vendor's own catalogue of causes."""

_COMPILED = tuple((re.compile(known.pattern), known) for known in CATALOGUE)


def advice_for(message: str) -> EventAdvice | None:
    """The known complaint that a message is; None for one nobody has described."""
    return next((known for pattern, known in _COMPILED if pattern.search(message)), None)


def advised(words: str) -> str:
    """The controller's words with the advice behind them, for a line on a terminal."""
    known = advice_for(words)
    return f"{words} (what to do: {known.advice})" if known else words
