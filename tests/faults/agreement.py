"""Whether what a command says agrees with what it left (safety I8), by looking at both."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from alb_dr.errors import NotFound
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION_SET,
    CLUSTER_PROPAGATION_POLICY,
    CRON_JOB,
    DEPLOYMENT,
    INGRESS,
    INGRESS_CLASS,
    NAMESPACE,
    OVERRIDE_POLICY,
    POLICY_GROUPS,
    PROPAGATION_POLICY,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    Kind,
    Manifest,
)
from alb_dr.model.shift import ShiftPhase
from alb_dr.sandbox.names import HOSTS
from tests.faults.expectations import ABORTED, CONFLICT, CREDENTIALS, OK, OPEN, PARTLY, UNREACHABLE
from tests.faults.scenes import MEMBERS, is_marked, shift_record, weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.bench import Bench, Finished

KEPT = (
    ALB_CONFIG,
    APPLICATION_SET,
    CRON_JOB,
    DEPLOYMENT,
    INGRESS,
    INGRESS_CLASS,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    *(
        policy.in_group(group)
        for group in POLICY_GROUPS
        for policy in (CLUSTER_PROPAGATION_POLICY, PROPAGATION_POLICY, OVERRIDE_POLICY)
    ),
)
"""Everything that a command may leave changed; locks and records are evidence, not effect."""
UNKNOWN = re.compile("not ready|not known|no traffic|looked at|listing|reading|cut off|CERTIFICATE")
"""What is put back and not seen whole, or cannot be looked at, is not said to be done (F25)."""
EVIDENCE = re.compile(r"record\b.*(stays|behind|open|closed|written)|ConfigMap")
"""How it tells that the Fleet's record is not what it should be."""
RECORD = re.compile(r"applied: .*(Lease|ConfigMap|record|lock|asked)")
"""What was written may be one of those, which are not looked at."""
UNCHANGED = re.compile(r"nothing was (changed|written)(?! since| over)")
SETTLE_S = 2.0
"""Longest the sandbox's names may lag behind its zones."""
World = dict[str, Any]


def world(found: Bench) -> World:
    """What is there now, as far as commands change it; what one beside changes left out."""
    return {
        f"{api}: {live.id}": _essence(live)
        for api in found.proxies
        for kind in KEPT
        if not (kind == INGRESS and found.beside)
        for live in _listed(found, api, kind)
    }


def _listed(found: Bench, api: str, kind: Kind) -> tuple[Manifest, ...]:
    try:
        return found.api(api).list(kind)
    except NotFound:
        return ()


def _essence(live: Manifest) -> Any:
    spec = json.loads(json.dumps(live.document.get("spec")))
    return live.uid, spec, dict(live.annotations), dict(live.labels)


def claims_nothing_changed(done: Finished) -> bool:
    """Whether it says so, in words or by an exit code that means it."""
    if "OUTCOME-UNKNOWN" in done.stderr:
        return False
    return done.code in {CREDENTIALS, UNREACHABLE} or bool(UNCHANGED.search(done.stderr))


def lies(found: Bench, done: Finished, before: World) -> str | None:
    """Whether what it claims of the world is not so: that nothing was changed, or that something
    was."""
    if not (claims_nothing_changed(done) or done.code == PARTLY):
        return None
    differs = changed(before, world(found))
    if claims_nothing_changed(done) and differs:
        return f"says that nothing was changed ({done.code}), but: {differs}: {done.stderr[-300:]}"
    if done.code == PARTLY and not differs and not RECORD.search(done.stderr):
        return f"says that it wrote, but nothing differs: {done.stderr[-300:]}"
    return None


def changed(before: World, after: World) -> str:
    """Which objects differ."""
    return ", ".join(k for k in {*before, *after} if before.get(k) != after.get(k))


def drill_agrees(found: Bench, done: Finished) -> str | None:
    """0 and 10 leave no harm; 11 leaves some, or says what is not seen whole.

    The Fleet's record is evidence: one that could not be closed is told, and harms nobody.
    """
    is_open = any(is_marked(found, api) for api in found.proxies)
    if is_open and done.code != OPEN:
        return f"exit code {done.code}, but a drill is open"
    if done.code == OPEN and not is_open and not UNKNOWN.search(done.stderr):
        return f"says open, but is not: {done.stderr[-200:]}"
    if done.code != OPEN and found.open_drills() and not EVIDENCE.search(done.stderr):
        return f"exit code {done.code}, and a record is open that nobody mentions"
    return None


def weighted_drill_agrees(found: Bench, done: Finished) -> str | None:
    """The same of a drill that sets weights, which have to be the former ones when none is open."""
    live = weights(found)
    if done.code != OPEN and live != found.weights:
        return f"exit code {done.code}, but the weights are {live}"
    return drill_agrees(found, done)


def shift_agrees(found: Bench, done: Finished) -> str | None:
    """0: the weights are the last; 9 and 10: the first; a record that is open means 11."""
    record = shift_record(found)
    if record is None:
        return None if done.code not in {OK, ABORTED, OPEN} else f"{done.code} without a record"
    if not record.phase.is_over:
        return None if done.code == OPEN else f"exit code {done.code}, but a shift is open"
    if record.phase is ShiftPhase.STOPPED:
        # The weights are then whatever somebody else wants, or an old answer made it believe so.
        return None if done.code == CONFLICT else f"exit code {done.code}, but it was stopped"
    if record.phase is ShiftPhase.FROZEN and any(_are(found, v) for v in record.vectors):
        # It stays where it stands.
        return None
    wanted = record.vectors[-1] if done.code == OK else record.vectors[0]
    if not _are(found, wanted) and done.code != OPEN:
        return f"exit code {done.code} ({record.phase}), but the weights are {weights(found)}"
    return None


def _are(found: Bench, wanted: Mapping[str, int]) -> bool:
    """Whether the live weights are these."""
    return sorted(weights(found)) == sorted(str(weight) for weight in wanted.values())


def zones_agree(found: Bench, done: Finished) -> str | None:
    """A zone is out of DNS exactly when its member has no traffic, and then the Fleet says so.

    11 says what is left, so only that the Fleet tells it counts.
    """
    end = time.monotonic() + SETTLE_S
    while (wrong := _zones_wrong(found, done)) and time.monotonic() < end:
        time.sleep(0.1)
    return wrong if wrong or done.code == OPEN else shift_agrees(found, done)


def _zones_wrong(found: Bench, done: Finished) -> str | None:
    status = found.run(("failover", "status", "-o", "json"), direct=True)
    told = json.loads(status.stdout)["data"]["zones"]
    lines = (found.direct.parent / HOSTS).read_text().splitlines()
    is_out = len({line.split()[0] for line in lines if line.startswith("127.")}) < len(MEMBERS)
    if is_out and not told:
        return f"exit code {done.code}; a zone is out of DNS, and nothing tells"
    live = weights(found)
    if done.code != OPEN and is_out != ("0" in live):
        return f"exit code {done.code}; weights {live}, but a zone is out of DNS: {is_out}"
    return None
