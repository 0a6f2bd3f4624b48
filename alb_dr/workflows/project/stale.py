"""Staleness: a saved plan against the plan of this moment; what changed in between (safety F57)."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.errors import Conflict
from alb_dr.model.manifest import Manifest
from alb_dr.model.plan import Action, Change, Plan
from alb_dr.workflows.live.differences import differences

MOST_NAMED = 5
"""Fields named for one object; more would bury the reason."""


def refuse_stale(saved: Plan, fresh: Plan) -> None:
    """Raise Conflict naming every object that is not as the saved plan saw it."""
    reasons = tuple(stale_reasons(saved, fresh))
    if reasons:
        raise Conflict(
            "the plan is stale: " + "; ".join(reasons),
            hint="make a new one: alb-dr plan --out FILE",
            code="ADR-STALE-PLAN",
        )


def stale_reasons(saved: Plan, fresh: Plan) -> Iterator[str]:
    """What changed since the plan was saved: the Fleet, the file, or an object on the Fleet."""
    if saved.cluster_uid != fresh.cluster_uid:
        yield "it was made for another Fleet"
        return
    then, now = ({c.id: c for c in plan.changes} for plan in (saved, fresh))
    for id_ in [*then, *(i for i in now if i not in then)]:
        if id_ not in now:
            yield f"{id_} is no longer in the project file"
        elif id_ not in then:
            yield f"{id_} is new in the project file"
        else:
            yield from _object(then[id_], now[id_])
    if dict(saved.weights) != dict(fresh.weights) and not fresh.live_weights:
        yield "the weights of the project file changed"


def _object(then: Change, now: Change) -> Iterator[str]:
    if now.action is Action.KEEP and not _paths(then.wanted, now.wanted):
        # It is as the plan wanted it: an earlier run of this very plan got that far.
        return
    live = live_difference(then.live, now.live)
    if live:
        yield f"{then.id} {live}"
    elif fields := _paths(then.wanted, now.wanted):
        yield f"the project file or a template changed {fields} of {then.id}"


def live_difference(then: Manifest | None, now: Manifest | None) -> str:
    """How a live object differs from the one that was seen; empty when it does not.

    A changed status is no difference: controllers write it all the time.
    """
    if then is None or now is None:
        if then is now:
            return ""
        return "was made meanwhile" if then is None else "was deleted meanwhile"
    if then.uid != now.uid:
        return "was deleted and made anew meanwhile"
    if then.resource_version == now.resource_version:
        return ""
    fields = _paths(then, now)
    return f"changed meanwhile: {fields}" if fields else ""


def _paths(before: Manifest, after: Manifest) -> str:
    changed = [
        f"{f.path} ({_short(f.before)} -> {_short(f.after)})"
        for f in differences(before.document, after.document)
    ]
    more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
    return ", ".join(changed[:MOST_NAMED]) + more


def _short(value: object, longest: int = 60) -> str:
    text = "absent" if value is None else repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
