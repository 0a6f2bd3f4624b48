"""Outages: losses, shares and gaps of a stream of requests. Pure functions of its samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alb_dr.model.sample import AMBIGUOUS, Outcome, SampleColumns

WINDOW_S = 1.0
"""A second of traffic: the least that counts as clean, and as back."""
BACK = 0.8
"""Part of its former share that a restored member must serve again."""
UNATTRIBUTED_CLASS, AMBIGUOUS_CLASS = "unattributed", "ambiguous"
"""Complete answers that name no member, or several: the wrong body."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request in an order that suits a drill: instants in seconds on the samples' clock."""

    due_s: float
    sent_s: float
    answered_s: float
    finished_s: float
    outcome: int
    member: int
    reused: bool

    @property
    def good(self) -> bool:
        """A complete answer of one member."""
        return self.outcome == Outcome.OK and self.member >= 0

    @property
    def loss_class(self) -> str | None:
        """What became of a lost request; None for one that was served."""
        if self.outcome != Outcome.OK:
            return Outcome(self.outcome).name.lower()
        if self.member >= 0:
            return None
        return AMBIGUOUS_CLASS if self.member == AMBIGUOUS else UNATTRIBUTED_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """A drill's requests by phase, each in the order in which they were sent.

    A request that was under way when the fault came belongs to the fault; one that was sent late
    belongs to the time in which it was sent.
    """

    before: Sequence[Seen]
    during: Sequence[Seen]
    after: Sequence[Seen]


def phases(samples: SampleColumns, fault_s: float, restored_s: float) -> Phases:
    """The requests before the fault, while it was in force, and from the restore on.

    Failures of this machine say nothing about the gateway and are in none of them.
    """
    before: list[Seen] = []
    during: list[Seen] = []
    after: list[Seen] = []
    for seen in rows(samples):
        if seen.finished_s < fault_s:
            before.append(seen)
        elif seen.sent_s < restored_s:
            during.append(seen)
        else:
            after.append(seen)
    for phase in (before, during, after):
        phase.sort(key=lambda seen: seen.sent_s)
    return Phases(before=before, during=during, after=after)


def rows(samples: SampleColumns) -> Iterator[Seen]:
    """The samples that say anything about the gateway, one by one."""
    columns = zip(
        samples.due_s,
        samples.sent_s,
        samples.first_byte_s,
        samples.finished_s,
        samples.outcome,
        samples.member,
        map(bool, samples.reused),
        strict=True,
    )
    return (Seen(*row) for row in columns if row[4] != Outcome.LOCAL)


def shares(
    samples: SampleColumns, names: Sequence[str], start_s: float, end_s: float
) -> dict[str, float]:
    """Each member's share of the good answers that were due in a span; empty without answers."""
    counts = [0] * len(names)
    for due, outcome, member in zip(samples.due_s, samples.outcome, samples.member, strict=True):
        if start_s <= due < end_s and outcome == Outcome.OK and member >= 0:
            counts[member] += 1
    return _as_shares(counts, names)


def shares_of(requests: Iterable[Seen], names: Sequence[str]) -> dict[str, float]:
    """Each member's share of the good answers; empty without answers."""
    counts = [0] * len(names)
    for seen in requests:
        if seen.good:
            counts[seen.member] += 1
    return _as_shares(counts, names)


def _as_shares(counts: Sequence[int], names: Sequence[str]) -> dict[str, float]:
    total = sum(counts)
    return {n: c / total for n, c in zip(names, counts, strict=True)} if total else {}


def losses(samples: SampleColumns, start_s: float, end_s: float) -> tuple[int, int]:
    """Lost requests and all requests that were due in a span; answers without a name are lost."""
    lost = total = 0
    for due, outcome, member in zip(samples.due_s, samples.outcome, samples.member, strict=True):
        if start_s <= due < end_s and outcome != Outcome.LOCAL:
            total += 1
            lost += outcome != Outcome.OK or member < 0
    return lost, total


def loss_classes(requests: Iterable[Seen]) -> dict[str, int]:
    """The lost requests by what became of them, most frequent first."""
    found = Counter(name for seen in requests if (name := seen.loss_class) is not None)
    return dict(found.most_common())


def longest_gap(requests: Sequence[Seen], start_s: float, end_s: float) -> float:
    """The longest time without a served request in a span, by when requests were due."""
    if end_s <= start_s:
        return 0.0
    served = sorted(seen.due_s for seen in requests if seen.good and start_s <= seen.due_s < end_s)
    return max(b - a for a, b in pairwise([start_s, *served, end_s]))


def back_since(requests: Sequence[Seen], member: int, share: float) -> float | None:
    """The member's first answer in the first second in which it served ``share`` of all, or None.

    The second may begin while others still serve alone; the member is back when it answers.
    """
    served = sorted((seen.due_s, seen.member == member) for seen in requests if seen.good)
    first = ours = 0
    for last, (due, is_ours) in enumerate(served):
        ours += is_ours
        while due - served[first][0] > WINDOW_S:
            ours -= served[first][1]
            first += 1
        full = first > 0 or due - served[0][0] >= WINDOW_S
        if full and ours >= share * (last - first + 1):
            return next(due for due, is_ours in served[first:] if is_ours or not share)
    return None
