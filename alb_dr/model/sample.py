"""Samples: one request each and what became of it, kept in columns so that a million stay small."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

UNATTRIBUTED = -1
"""Member index of an answer that names no member."""
AMBIGUOUS = -2
"""Member index of an answer that names more than one member."""
NO_ANSWER = -3
"""Member index of a request that got no answer to attribute."""


class Outcome(IntEnum):
    """What became of one request. Only OK counts as served."""

    OK = 0
    """A complete answer with a status from 200 to 299."""
    REDIRECT = 1
    """A 3xx; never followed."""
    CLIENT_ERROR = 2
    """A 4xx."""
    SERVER_ERROR = 3
    """A 5xx."""
    REFUSED = 4
    """The connection was refused."""
    RESET = 5
    """The connection was cut before a complete answer."""
    TIMEOUT = 6
    """No complete answer within the request's timeout."""
    PROTOCOL = 7
    """Bytes that are not HTTP, or a header block beyond the cap."""
    TLS = 8
    """The TLS handshake or the certificate check failed."""
    LOCAL = 9
    """This machine failed (no descriptors, no ports): says nothing about the gateway."""


LOST = frozenset(
    {Outcome.SERVER_ERROR, Outcome.REFUSED, Outcome.RESET, Outcome.TIMEOUT, Outcome.PROTOCOL}
)
"""Outcomes that count as a lost request in a drill (measurement: no answer, timeout, 5xx)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request. Instants are seconds since the run's origin on one monotonic clock.

    ``due_s`` is when the schedule wanted it sent, ``sent_s`` when it was; latency is counted from
    ``due_s``, so a stall is charged to every request it delayed (no coordinated omission).
    ``member`` is an index into the run's member list, or one of the negative constants above.
    ``address`` is an index into the run's list of addresses.
    """

    due_s: float
    sent_s: float
    first_byte_s: float
    finished_s: float
    status: int
    outcome: Outcome
    member: int
    reused: bool
    address: int

    @property
    def latency_s(self) -> float:
        """Seconds from the instant the request was due to the end of its answer."""
        return self.finished_s - self.due_s


@dataclass(slots=True)
class SampleColumns:
    """Samples as columns: 37 bytes each. The only mutable noun: a run appends to it."""

    due_s: array[float] = field(default_factory=lambda: array("d"))
    sent_s: array[float] = field(default_factory=lambda: array("d"))
    first_byte_s: array[float] = field(default_factory=lambda: array("d"))
    finished_s: array[float] = field(default_factory=lambda: array("d"))
    status: array[int] = field(default_factory=lambda: array("H"))
    outcome: array[int] = field(default_factory=lambda: array("B"))
    member: array[int] = field(default_factory=lambda: array("b"))
    reused: array[int] = field(default_factory=lambda: array("B"))
    address: array[int] = field(default_factory=lambda: array("B"))

    def __len__(self) -> int:
        return len(self.due_s)

    def append(self, sample: Sample) -> None:
        """Add one sample at the end."""
        self.due_s.append(sample.due_s)
        self.sent_s.append(sample.sent_s)
        self.first_byte_s.append(sample.first_byte_s)
        self.finished_s.append(sample.finished_s)
        self.status.append(sample.status)
        self.outcome.append(sample.outcome)
        self.member.append(sample.member)
        self.reused.append(sample.reused)
        self.address.append(sample.address)

    def extend(self, other: SampleColumns) -> None:
        """Add all samples of another run of columns at the end."""
        for name in self.__slots__:
            getattr(self, name).extend(getattr(other, name))

    def since(self, instant_s: float) -> SampleColumns:
        """Those that were due at an instant or later."""
        if all(due >= instant_s for due in self.due_s):
            return self
        found = SampleColumns()
        for sample in self:
            if sample.due_s >= instant_s:
                found.append(sample)
        return found

    def __getitem__(self, n: int) -> Sample:
        return Sample(
            due_s=self.due_s[n],
            sent_s=self.sent_s[n],
            first_byte_s=self.first_byte_s[n],
            finished_s=self.finished_s[n],
            status=self.status[n],
            outcome=Outcome(self.outcome[n]),
            member=self.member[n],
            reused=bool(self.reused[n]),
            address=self.address[n],
        )

    def __iter__(self) -> Iterator[Sample]:
        return (self[n] for n in range(len(self)))
