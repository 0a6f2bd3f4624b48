"""Every command that talks to an API, and what makes it do all its calls."""

from __future__ import annotations

from tests.faults.agreement import drill_agrees, shift_agrees, weighted_drill_agrees, zones_agree
from tests.faults.command import Command, Manner
from tests.faults.expectations import CONFLICT, FAIL, INCONCLUSIVE, OK, OPEN, REFUSED, TIMED_OUT
from tests.faults.scenes import (
    FORMER,
    NAMESPACE,
    OTHER,
    STEPS,
    VICTIM,
    former_weights,
    heartbeat,
    lost_drill,
    lost_lock,
    no_drill,
    no_guard,
    no_heartbeat,
    no_shift,
    no_zone,
    open_shift,
    paused_shift,
    unlocked,
)

NO_API = {
    "explain": "prints a paragraph of the documentation",
    "schema": "prints a schema",
    "version": "prints a version",
    "report": "reads a run from the disk",
    "rehearse": "runs the others in a sandbox of its own",
    "gateway render": "renders",
    "ingress render": "renders",
    "distribute render": "renders",
    "render": "renders",
    "sandbox up": "starts the APIs",
    "sandbox status": "asks the sandbox's own daemon",
    "sandbox cloud": "asks the sandbox's own daemon",
    "sandbox down": "asks the sandbox's own daemon",
    "sandbox fault": "asks the sandbox's own daemon",
    "sandbox scaler": "asks the sandbox's own daemon",
    "sandbox argo": "asks the sandbox's own daemon",
}
"""Commands that ask no Kubernetes API, each with what they do instead."""

WAIT = ("--timeout", "{wait}")
STRAYS = ("/applicationsets", "/propagationpolicies", "/ingressclasses", "/ingresses")
"""Kinds of which those are named that the project file no longer names, if they may be listed."""
FORESEEN = (*STRAYS, "/secrets")
"""Without Argo CD's clusters its Applications are foreseen for the members, which a plan says."""
_DRILL = ("failover", "drill", VICTIM, "--yes")
_BRIEFLY = (
    "--no-watchdog",
    "--rate",
    "50",
    "--baseline",
    "0.5",
    "--observe",
    "1.5",
    "--restore-timeout",
    "5",
    "--override",
    "ADR-SURVIVOR-YOUNG",
)
_DISTRIBUTE, _GATEWAY = ("distribute", "apply"), ("gateway", "create")
_INGRESS, _WEIGHTS = ("ingress", "apply"), ("ingress", "set-weights", "40", "60")
_RECOVER = ("failover", "recover", "--execute")
_NO_INGRESS = ("ingress", "delete", "--yes")
_NO_GATEWAY = ("gateway", "delete", "--yes")
_NO_DELIVERY = ("distribute", "delete", "--yes")
_POLICY = ("distribute", "apply", "--via", "policy")
_NO_POLICY = ("distribute", "delete", "--via", "policy", "--yes")
# A thousand pins would leave a thousand janitors, which have tests of their own.
_PIN = ("ingress", "pin", "--cluster", OTHER, "--header", "X-Pin=b", "--yes", "--no-janitor")
_UNPIN = ("ingress", "unpin", "--yes")
_SHIFT = ("ingress", "shift", "--to", "60:40", *STEPS)
_WITH_ZONE = ("failover", "switchover", "--to", OTHER, "--zone", *STEPS)
_EMERGENCY = ("failover", "start", "--away-from", VICTIM, "--reason", "test", "--yes")
_LONG_SHIFT = (*_SHIFT, "--hold", "10m")
_ABORT = ("ingress", "abort", "--timeout", "25")
_GUARD = (
    "failover",
    "install-guard",
    "--image",
    "registry.example/alb-dr@sha256:" + "0" * 64,
)
_SWEEP = ("guard", "--once", "-n", NAMESPACE, "--kubeconfig", "{folder}/" + f"{VICTIM}.kubeconfig")
_FROM_LIVE = (
    "init",
    "--from-live",
    "--force",
    "--file",
    "{folder}/made.yaml",
    "--fleet-kubeconfig",
    "{folder}/fleet.kubeconfig",
)

LOOKING = (
    Command(name="check", words=("check",), manner=Manner.JUDGES),
    Command(
        name="plan",
        words=("plan", "--out", "{folder}/plan.json"),
        optional=("/events",),
        unlisted=FORESEEN,
        shows_conflicts=True,
    ),
    Command(name="status", words=("status", "--requests", "20"), manner=Manner.TELLS),
    Command(name="init --from-live", words=_FROM_LIVE),
    Command(
        name="verify",
        words=("verify", "--requests", "20"),
        manner=Manner.JUDGES,
        ends=frozenset({OK, INCONCLUSIVE}),
    ),
    Command(name="distribute status", words=("distribute", "status")),
    Command(name="gateway status", words=("gateway", "status"), optional=("/events",)),
    Command(name="gateway wait", words=("gateway", "wait", *WAIT), optional=("/events",)),
    Command(name="ingress status", words=("ingress", "status"), optional=("/events",)),
    Command(
        name="failover status",
        words=("failover", "status"),
        # What could not be looked at is named; --fail-if-open makes it a matter of the exit code.
        optional=("/leases", "/configmaps", "/ingresses", "/deployments", "/scaledobjects"),
    ),
)

MAKING = (
    Command(
        name="up",
        words=("up", "--yes", *WAIT),
        before=(("down", "--yes"),),
        after=(("up", "--yes"),),
        optional=("/events",),
        unlisted=FORESEEN,
        seconds=30.0,
    ),
    Command(
        name="down",
        words=("down", "--yes", *WAIT),
        before=(("up", "--yes", "--no-wait"),),
        after=(("down", "--yes"),),
        optional=("/deployments", "/configmaps?"),
        unlisted=("/ingresses",),
        seconds=30.0,
    ),
    Command(
        name="distribute apply",
        words=(*_DISTRIBUTE, *WAIT),
        before=(_NO_DELIVERY,),
        after=(_DISTRIBUTE,),
        optional=("/events",),
    ),
    Command(
        name="gateway create",
        words=(*_GATEWAY, *WAIT),
        before=(_NO_INGRESS, _NO_GATEWAY),
        after=(_GATEWAY,),
        optional=("/events",),
    ),
    Command(
        name="ingress apply",
        words=(*_INGRESS, *WAIT),
        before=(_NO_INGRESS,),
        after=(_INGRESS,),
        optional=("/events",),
    ),
    Command(
        name="ingress delete",
        words=_NO_INGRESS,
        before=((*_INGRESS, "--no-wait"),),
        after=(_NO_INGRESS,),
    ),
    Command(
        name="gateway delete",
        words=(*_NO_GATEWAY, *WAIT),
        before=(_NO_INGRESS, (*_GATEWAY, "--no-wait")),
        after=(_NO_GATEWAY,),
    ),
    Command(
        name="distribute delete",
        words=_NO_DELIVERY,
        before=((*_DISTRIBUTE, "--no-wait"),),
        after=(_NO_DELIVERY,),
    ),
    Command(
        name="distribute apply --via policy",
        words=(*_POLICY, *WAIT),
        before=(_NO_DELIVERY, _NO_POLICY),
        after=(_POLICY,),
        optional=("/events",),
    ),
    Command(
        name="distribute status --via policy",
        words=("distribute", "status", "--via", "policy"),
    ),
    Command(
        name="distribute delete --via policy",
        words=_NO_POLICY,
        before=((*_POLICY, "--no-wait"),),
        after=(_NO_POLICY,),
    ),
    Command(
        name="failover install-guard",
        words=_GUARD,
        before=(no_guard,),
        after=(_GUARD,),
        seconds=30.0,
    ),
)

MOVING = (
    Command(
        name="ingress set-weights",
        words=(*_WEIGHTS, *WAIT),
        before=(former_weights,),
        after=((*_WEIGHTS, "--no-wait"),),
        optional=("/events", "/leases", "/applications"),
    ),
    Command(
        name="ingress set-weights --all",
        words=(*_WEIGHTS, "--all"),
        before=(former_weights,),
        after=((*_WEIGHTS, "--all"),),
        optional=("/leases",),
    ),
    Command(
        name="ingress pin",
        words=(*_PIN, *WAIT),
        before=(unlocked, _UNPIN),
        after=(unlocked, _PIN),
        looks_at_lock_last=True,
        optional=("/events",),
    ),
    Command(
        name="verify --pin",
        words=("verify", "--pin", OTHER, "--requests", "20"),
        before=((*_PIN, "--no-wait"),),
        manner=Manner.JUDGES,
        ends=frozenset({OK, INCONCLUSIVE}),
    ),
    Command(
        name="ingress unpin",
        words=_UNPIN,
        before=(unlocked, (*_PIN, "--no-wait")),
        after=(unlocked, _UNPIN),
        looks_at_lock_last=True,
    ),
    Command(
        name="ingress shift",
        words=_SHIFT,
        before=(no_drill, former_weights, no_shift),
        after=(FORMER,),
        manner=Manner.RESTORES,
        agrees=shift_agrees,
        seconds=30.0,
    ),
    Command(
        name="ingress pause",
        words=("ingress", "pause", *WAIT),
        beside=_LONG_SHIFT,
        before=(open_shift,),
        after=(("ingress", "pause"),),
        others=frozenset({TIMED_OUT}),
    ),
    Command(
        name="ingress resume",
        words=("ingress", "resume", *WAIT),
        beside=_LONG_SHIFT,
        before=(paused_shift,),
        after=(("ingress", "resume"),),
        others=frozenset({TIMED_OUT}),
    ),
    Command(
        name="ingress abort",
        words=_ABORT,
        beside=_LONG_SHIFT,
        before=(open_shift,),
        others=frozenset({TIMED_OUT}),
        seconds=30.0,
    ),
)

FAILING = (
    Command(
        name="failover switchover",
        words=("failover", "switchover", "--to", OTHER, *STEPS),
        before=(no_drill, former_weights, no_shift),
        after=(FORMER,),
        manner=Manner.RESTORES,
        agrees=shift_agrees,
        seconds=30.0,
    ),
    Command(
        name="failover start",
        words=(*_EMERGENCY, *WAIT),
        # It needs the Fleet's weights and nothing else; who cannot be asked is told. The weights
        # are written all the same when the look at the traffic afterwards is in vain.
        optional=(
            *("/events", "/configmaps/", "/albconfigs/", "/endpointslices", "/leases"),
            "/applications",
        ),
        others=frozenset({TIMED_OUT}),
        before=(no_drill, former_weights),
        after=(unlocked, (*_EMERGENCY, "--no-wait")),
    ),
    Command(
        name="failover back",
        words=("failover", "back", "--stabilise", "100ms", "--stabilise-timeout", "4s", *STEPS),
        before=(no_drill, former_weights, (*_EMERGENCY, "--no-wait"), no_shift),
        after=(FORMER,),
        manner=Manner.RESTORES,
        agrees=shift_agrees,
        seconds=30.0,
    ),
    Command(
        name="failover switchover --zone",
        words=_WITH_ZONE,
        before=(no_drill, no_zone, former_weights, no_shift),
        manner=Manner.RESTORES,
        agrees=zones_agree,
        cloud=True,
        seconds=30.0,
    ),
    Command(
        name="failover back, with a zone",
        words=("failover", "back", "--stabilise", "100ms", *STEPS),
        before=(no_drill, no_zone, former_weights, _WITH_ZONE, no_shift),
        manner=Manner.RESTORES,
        agrees=zones_agree,
        cloud=True,
        seconds=30.0,
    ),
    Command(
        name="check, with a cloud",
        words=("check",),
        manner=Manner.JUDGES,
        cloud=True,
    ),
    Command(
        name="failover watch",
        words=(
            "failover",
            "watch",
            "--away-from",
            VICTIM,
            "--every",
            "500ms",
            "--for",
            "2s",
            "--arm",
            "--yes",
        ),
        before=(former_weights,),
        manner=Manner.JUDGES,
    ),
    Command(
        name="failover drill",
        words=(*_DRILL, *_BRIEFLY),
        before=(no_drill, former_weights),
        after=(_RECOVER,),
        manner=Manner.RESTORES,
        ends=frozenset({OK, FAIL, INCONCLUSIVE}),
        agrees=drill_agrees,
        seconds=25.0,
    ),
    Command(
        name="failover drill --fault weight-drain",
        words=(*_DRILL, "--fault", "weight-drain", *_BRIEFLY),
        before=(no_drill, former_weights),
        after=(_RECOVER,),
        manner=Manner.RESTORES,
        ends=frozenset({OK, FAIL, INCONCLUSIVE}),
        agrees=weighted_drill_agrees,
        harms_only=True,
        seconds=25.0,
    ),
    Command(
        name="failover recover",
        words=(*_RECOVER, "--timeout", "5"),
        before=(lost_drill,),
        after=(_RECOVER,),
        # Restoring needs a member's API alone: the Fleet's lock, its records and the look at the
        # traffic are a courtesy, and so is waiting for an autoscaler after the pods are ready.
        optional=(
            *("/leases/", "/configmaps", "/ingresses/", "/albconfigs/"),
            *("/horizontalpodautoscalers", "/namespaces/gateway-demo/scaledobjects"),
        ),
        others=frozenset({OPEN}),
        # Whoever may not list what KEDA scales cannot have paused it.
        unlisted=("/scaledobjects",),
        agrees=drill_agrees,
        seconds=30.0,
    ),
    Command(
        name="failover unlock",
        words=("failover", "unlock", "--drill", "10570000", "--yes"),
        before=(lost_lock,),
        after=(("failover", "unlock", "--drill", "10570000", "--yes"),),
        others=frozenset({CONFLICT, REFUSED}),
    ),
    Command(
        name="guard --once",
        words=_SWEEP,
        before=(heartbeat, lost_drill),
        after=(_SWEEP,),
        others=frozenset({OPEN}),
        optional=("/leases", "/events"),
        # A guard in a member has no right to Ingresses, and no use for one.
        unlisted=("/ingresses", "/scaledobjects"),
        # What others keep writing to is tried for 20 s.
        seconds=30.0,
    ),
    Command(
        name="guard --once, for the first time",
        words=_SWEEP,
        before=(no_heartbeat, lost_drill),
        after=(_SWEEP,),
        only="/leases",
        optional=("/leases",),
        seconds=30.0,
    ),
)

COMMANDS = (*LOOKING, *MAKING, *MOVING, *FAILING)
