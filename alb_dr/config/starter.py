"""The commented project file that ``alb-dr init`` writes."""

from __future__ import annotations

import json
from string import Template

import yaml

from alb_dr.config.answers import Answers, Existing, HealthAnswer, MemberAnswer

_FILE = Template("""\
# What alb-dr sets up, proves and rehearses. `alb-dr schema` prints the whole format.
schema: 1
mode: active-active                  # or primary-secondary
profile: safe                        # or tutorial; `alb-dr render --explain` says what differs
region: $region

fleet:
  kubeconfig: $fleet   # relative to this file

members:                             # positional weights follow this order
$members

weights:                             # percent; they sum to 100
$weights

gateway:
  name: $gateway# the AlbConfig
  ingressClass: $ingress_class$load_balancer
  addressType: $address_type# or Intranet; fixed at creation, Internet costs an EIP a zone
  addressAllocatedMode: $address_mode# or Dynamic
  zoneMappings:                      # at least two vSwitches in different zones
$zones
  listeners:
$listeners

ingress:
  name: $ingress
  namespace: $namespace# the namespace of the Service in the members
  host: $host
  path: $path
  pathType: $path_type
  service: {name: $service, port: $service_port}
  listenPort: {$protocol: $port}
  healthCheck:                       # off in ALB by default; a dead zone removes no endpoints
$health

application:
  method: gitops
  name: $application
  repository: $repository
  path: $chart
  revision: $revision# a branch moves; name a tag or commit for repeatable drills
  parameters:$parameters
  workload: {kind: Deployment, name: $workload}

objectives:
  rtoSeconds: 30.0
  maxErrorRate: 0.01
""")


def starter(answers: Answers) -> str:
    """The file's text. Every value is quoted, so that it cannot be anything but a value."""
    members = "\n".join(_member(m) for m in answers.members)
    pairs = zip(answers.members, answers.weights, strict=True)
    weights = "\n".join(f"  {_q(m.name)}: {w}" for m, w in pairs)
    zones = "\n".join(_zone(vswitch, zone) for vswitch, zone in answers.vswitches)
    return _FILE.substitute(
        region=_q(answers.region),
        fleet=_q(answers.fleet_kubeconfig),
        members=members,
        weights=weights,
        zones=zones,
        port=answers.port,
        host=_q(answers.host),
        path=_q(answers.path),
        **_gateway(answers),
        **_application(answers.existing),
        health=_health(answers.existing.health),
    )


def _gateway(answers: Answers) -> dict[str, object]:
    existing = answers.existing
    listeners = existing.listeners or ((existing.protocol, answers.port),)
    name = existing.load_balancer_name
    return {
        "gateway": _before_comment("  name: ", existing.gateway),
        "ingress_class": _q(existing.ingress_class),
        "load_balancer": f"\n  loadBalancerName: {_q(name)}" if name else "",
        "address_type": _before_comment("  addressType: ", existing.address_type),
        "address_mode": _before_comment(
            "  addressAllocatedMode: ", existing.address_allocated_mode
        ),
        "listeners": "\n".join(f"    - {{port: {p}, protocol: {_q(x)}}}" for x, p in listeners),
        "ingress": _q(existing.ingress),
        "namespace": _before_comment("  namespace: ", existing.namespace),
        "path_type": _q(existing.path_type),
        "service": _q(existing.service),
        "service_port": existing.service_port,
        "protocol": _q(existing.protocol),
    }


def _application(existing: Existing) -> dict[str, object]:
    lines = [f"\n    {_q(key)}: {json.dumps(value)}" for key, value in existing.parameters]
    return {
        "application": _q(existing.application),
        "repository": _plain_url(existing.repository),
        "chart": _plain_url(existing.chart),
        "revision": _before_comment("  revision: ", existing.revision),
        "parameters": "".join(lines) or " {}",
        "workload": _q(existing.workload),
    }


def _health(health: HealthAnswer) -> str:
    lines = [f"enabled: {'true' if health.enabled else 'false'}"]
    if (health.protocol, health.method) != ("HTTP", "GET"):
        lines += [f"protocol: {_q(health.protocol)}", f"method: {_q(health.method)}"]
    if health.path:
        lines.append(f"path: {_q(health.path)}")
    if health.codes != ("http_2xx",):
        lines.append(f"codes: {json.dumps(list(health.codes))}")
    lines += [
        f"intervalSeconds: {health.interval_s}",
        f"timeoutSeconds: {health.timeout_s}",
        f"healthyThreshold: {health.healthy}",
        f"unhealthyThreshold: {health.unhealthy}",
    ]
    return "\n".join(f"    {line}" for line in lines)


COMMENT_COLUMN = 37
"""Where the comments of the file begin."""


def _before_comment(before: str, value: str) -> str:
    """The value, filled with blanks so that the comment behind it stands in its column."""
    text = _q(value)
    return text + " " * max(2, COMMENT_COLUMN - len(before) - len(text))


def _plain_url(text: str) -> str:
    """A URL or path as it is when YAML reads it as itself, else quoted."""
    plain = text.isascii() and not set(text) & set("#{}[],&*!|>'\"%@` ")
    try:
        same = plain and yaml.safe_load(f"a: {text}") == {"a": text}
    except yaml.YAMLError:
        same = False
    return text if same else json.dumps(text)


def _member(member: MemberAnswer) -> str:
    lines = [f"  - id: {_q(member.id)}", f"    name: {_q(member.name)}"]
    if member.zone:
        lines.append(f"    zone: {_q(member.zone)}")
    lines.append(f"    kubeconfig: {_q(member.kubeconfig)}")
    return "\n".join(lines)


def _zone(vswitch: str, zone: str) -> str:
    inner = f"vSwitchId: {_q(vswitch)}" + (f", zoneId: {_q(zone)}" if zone else "")
    return f"    - {{{inner}}}"


def _q(text: str) -> str:
    """The value as JSON, which is YAML; a word that YAML reads as itself stays plain."""
    simple = text.isascii() and text.replace("-", "").replace(".", "").isalnum()
    return text if simple and yaml.safe_load(text) == text else json.dumps(text)
