"""What a recovery says: of a target on record, of what it does not do, of what it could not do."""

from __future__ import annotations

from collections.abc import Sequence

from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.manifest import Manifest
from alb_dr.model.weights import weights_in_words
from alb_dr.workflows.recover.case import Case
from alb_dr.workflows.recover.unseen import Unseen


def target_words(target: FleetTarget, live: Manifest | None, order: Sequence[str]) -> str:
    """What an object on record had, and whether it is still there."""
    had = (
        f"weights {weights_in_words(target.weights, order)}"
        if target.weights is not None
        else f"{target.replicas} replicas"
    )
    if live is None:
        return f"had {had}; it does not exist any more"
    if live.uid != target.uid:
        return f"had {had} as {target.uid}; it was made anew as {live.uid}"
    return f"had {had}"


def refusal(case: Case) -> RestoreIncomplete:
    """Nothing is written to it; the hint says what a person can do."""
    hint = "a person must look; nothing was written to it"
    if case.decision.needs_word:
        hint = (
            "if it is to be put back: alb-dr failover recover --execute "
            f"--accept-missing-marker {case.drill}"
        )
    said = f"{case.where}: {case.what} of drill {case.drill}: {case.decision}; it {case.words}"
    return RestoreIncomplete(said, hint=hint)


def undone(problems: Sequence[AlbDrError], unseen: Sequence[Unseen]) -> RestoreIncomplete | None:
    """One error for everything a recovery could not finish; None when there is nothing.

    The hint of a call that failed does not know what was put back: only those of a restore count.
    """
    untold = [p for p in problems if not any(each.tells(p) for each in unseen)]
    said = [*map(_undone, untold), *map(str, unseen)]
    if not said:
        return None
    hint = next((p.hint for p in problems if isinstance(p, RestoreIncomplete) and p.hint), None)
    return RestoreIncomplete(
        "; ".join(said), hint=hint or "when it answers again: alb-dr failover recover --execute"
    )


def _undone(problem: AlbDrError) -> str:
    if isinstance(problem, RestoreIncomplete):
        return problem.message
    # A call's own words do not say that it was needed to see the whole.
    return f"not everything could be looked at: {problem.message}"
