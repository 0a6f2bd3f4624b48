"""The gate: has the measured split reached the weights of a step? Pure.

Two parts. First the change must arrive: windows of answers that do not contradict the weights,
several in a row. Then it is proven, on fresh answers only, by verify's always-valid test with a
tolerance; a contradiction sends it back to the first part.
"""

from __future__ import annotations

from collections.abc import Sequence

from alb_dr.model.findings import Verdict
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.verify import Question
from alb_dr.stats.distribution import compare, look
from alb_dr.stats.verification import Reduction

WINDOW = 100
"""Answers of one look while the change is awaited."""
LOOKS = 2
"""Looks in a row that must not contradict the weights."""
SURENESS = 0.99
"""Confidence of a look and of the proof."""


def can_prove(shares: Sequence[float], *, tolerance: float, answers: int) -> bool:
    """Whether so many answers, dealt out just as the shares say, pass the proof of a gate."""
    names = [str(n) for n in range(len(shares))]
    question = Question(
        names=names, weights=shares, confidence=SURENESS, tolerance=tolerance, sequential=True
    )
    counts = [round(answers * share) for share in shares]
    looks = look(question, counts, None, None)
    return compare(question, counts, looks=looks, with_power=False).verdict is Verdict.PASS


class Gate:
    """One step's gate. Answers due before ``since_s`` say nothing about it."""

    def __init__(
        self,
        names: Sequence[str],
        shares: Sequence[float],
        *,
        tolerance: float,
        since_s: float,
    ) -> None:
        self._plain = Question(names=names, weights=shares, confidence=SURENESS)
        self._proof = Question(
            names=names, weights=shares, confidence=SURENESS, tolerance=tolerance, sequential=True
        )
        self._since_s = since_s
        self._counts = [0] * len(names)
        self._good = 0
        self._reduction: Reduction | None = None
        self.words = "nothing was measured yet"
        self.passed = False

    @property
    def arrived(self) -> bool:
        """Whether the change is there as far as a look can tell, and is being proven."""
        return self._reduction is not None

    def add(self, columns: SampleColumns) -> None:
        """Account for newer requests."""
        fresh = columns.since(self._since_s)
        if self.passed or not len(fresh):
            return
        if self._reduction is None:
            self._arrive(fresh)
        else:
            self._prove(self._reduction, fresh)

    def _arrive(self, fresh: SampleColumns) -> None:
        for outcome, member in zip(fresh.outcome, fresh.member, strict=True):
            if outcome == Outcome.OK and member >= 0:
                self._counts[member] += 1
        if sum(self._counts) < WINDOW:
            return
        self.words = self._in_words(self._counts)
        agrees = compare(self._plain, self._counts, with_power=False).verdict is not Verdict.FAIL
        self._good = self._good + 1 if agrees else 0
        self._counts = [0] * len(self._counts)
        if self._good >= LOOKS:
            # Answers that were due before this instant may still show the old weights.
            self._since_s = max(fresh.due_s)
            self._reduction = Reduction(self._proof)

    def _prove(self, reduction: Reduction, fresh: SampleColumns) -> None:
        reduction.add(fresh)
        test = reduction.test(with_power=False)
        self.words = f"{self._in_words(reduction.tally.served)}; {test.reason}"
        if test.verdict is Verdict.PASS:
            self.passed = True
        elif test.verdict is Verdict.FAIL:
            self._good = 0
            self._reduction = None

    def _in_words(self, counts: Sequence[int]) -> str:
        total = max(1, sum(counts))
        pairs = zip(self._plain.names, counts, strict=True)
        return ", ".join(f"{name} {count / total:.1%}" for name, count in pairs)
