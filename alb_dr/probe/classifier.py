"""The classifier: an answer to its outcome and member, remembered for answers seen before."""

from __future__ import annotations

from alb_dr.model.sample import UNATTRIBUTED, Outcome
from alb_dr.probe.failures import outcome_of_status
from alb_dr.probe.identity import Attributor

MOST_REMEMBERED = 1024
"""Different answers remembered. A gateway with few pods gives few."""
LONGEST_REMEMBERED = 4096
"""Bytes of the longest body remembered; both caps bound the memory to 4 MiB."""


class Classifier:
    """Applies the identity rule, once for each different answer."""

    def __init__(self, attribute: Attributor) -> None:
        self._attribute = attribute
        self._known: dict[tuple[int, bytes, bytes | bytearray], tuple[Outcome, int]] = {}

    def classify(
        self, status: int, label: bytes, body: bytes | bytearray, cached: bool
    ) -> tuple[Outcome, int]:
        """The outcome and the member index of a complete answer.

        An answer out of a cache names who answered once, not who answers now (safety F78).
        """
        if cached:
            return outcome_of_status(status), UNATTRIBUTED
        if len(body) > LONGEST_REMEMBERED or isinstance(body, bytearray):
            return outcome_of_status(status), self._attribute(label, bytes(body))
        key = (status, label, body)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            found = outcome_of_status(status), self._attribute(label, body)
            self._known[key] = found
        return found
