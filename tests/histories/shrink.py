"""Shrinks a violated scenario: acts are left out as long as the same invariant is violated."""

from __future__ import annotations

from collections.abc import Iterable

from tests.histories.invariants import violations
from tests.histories.play import play
from tests.histories.scenario import Scenario


def shrunk(found: Scenario, words: Iterable[str]) -> Scenario:
    """The smallest scenario we find that violates one of the same invariants."""
    wanted = {word.partition(":")[0] for word in words}
    smaller = True
    while smaller:
        smaller = False
        for act in found.acts:
            candidate = found.without(act)
            if wanted & {word.partition(":")[0] for word in play(candidate, violations)}:
                found, smaller = candidate, True
                break
    return found
