"""The commented project file that ``alb-dr init`` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from string import Template

import yaml

from alb_dr.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnswer:
    """What was said about one member."""

    id: str
    name: str
    zone: str
    kubeconfig: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was asked or given by flags."""

    region: str
    fleet_kubeconfig: str
    members: tuple[MemberAnswer, ...]
    vswitches: tuple[tuple[str, str], ...]
    """vSwitch id and zone (may be empty) each."""
    weights: tuple[int, ...]
    host: str
    path: str
    port: int


def member_answer(text: str) -> MemberAnswer:
    """A member as a flag says it: ``id=c1...,name=poc-ack-1,zone=...,kubeconfig=...``."""
    pairs = dict(part.partition("=")[::2] for part in text.split(",") if part)
    unknown = pairs.keys() - {"id", "name", "zone", "kubeconfig"}
    if unknown or not pairs.get("id"):
        raise BadInput(
            f"--member {text!r} is not understood",
            hint="write id=CLUSTER_ID,name=NAME,zone=ZONE,kubeconfig=FILE",
        )
    name = pairs.get("name") or pairs["id"]
    return MemberAnswer(
        id=pairs["id"],
        name=name,
        zone=pairs.get("zone", ""),
        kubeconfig=pairs.get("kubeconfig") or f"{name}.kubeconfig",
    )


def even_weights(members: int) -> tuple[int, ...]:
    """100 shared as evenly as whole numbers allow."""
    share, left = divmod(100, members)
    return tuple(share + (n < left) for n in range(members))


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
  name: ackone-gateway-demo          # the AlbConfig
  ingressClass: alb
  loadBalancerName: one-alb-demo
  addressType: Internet              # or Intranet; fixed at creation, Internet costs an EIP a zone
  addressAllocatedMode: Fixed        # or Dynamic
  zoneMappings:                      # at least two vSwitches in different zones
$zones
  listeners:
    - {port: $port, protocol: HTTP}

ingress:
  name: web-demo
  namespace: gateway-demo            # the namespace of the Service in the members
  host: $host
  path: $path
  pathType: Prefix
  service: {name: service1, port: 80}
  listenPort: {HTTP: $port}
  healthCheck:                       # off in ALB by default; a dead zone removes no endpoints
    enabled: true
    intervalSeconds: 2
    timeoutSeconds: 2
    healthyThreshold: 2
    unhealthyThreshold: 2

application:
  method: gitops
  name: web-demo
  repository: https://github.com/AliyunContainerService/gitops-demo.git
  path: manifests/helm/web-demo
  revision: main                     # a branch moves; name a tag or commit for repeatable drills
  parameters:
    envCluster: "{{.metadata.annotations.cluster_name}}"
  workload: {kind: Deployment, name: web-demo}

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
    )


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
