"""Weights: the intended percentage for each member; they sum to 100 or do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alb_dr.errors import BadInput
from alb_dr.model.member import MemberCluster

TOTAL = 100
"""The sum the gateway demands of all weights of one Ingress (ACK One tutorial, step 3)."""

_INTEGER = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)
_FIX = "give one whole number from 0 to 100 for each member; together they make 100"


@dataclass(frozen=True, slots=True)
class Weights:
    """Member id to percentage, in the order of the project file."""

    by_member: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        for member, weight in self.by_member:
            if not 0 <= weight <= TOTAL:
                raise BadInput(f"weight {weight} of {member} is outside 0 to 100", hint=_FIX)
        ids = [member for member, _ in self.by_member]
        if len(set(ids)) != len(ids):
            raise BadInput("a member is given two weights", hint=_FIX)
        total = sum(weight for _, weight in self.by_member)
        if total != TOTAL:
            given = " + ".join(str(weight) for _, weight in self.by_member) or "nothing"
            raise BadInput(f"weights sum to {total}, not 100: {given}", hint=_FIX)

    @staticmethod
    def of(weights: Mapping[str, int]) -> Weights:
        """The weights of a mapping from member id to percentage."""
        return Weights(tuple(weights.items()))

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self.by_member)

    def __getitem__(self, member: str) -> int:
        return dict(self.by_member)[member]

    def get(self, member: str) -> int | None:
        """The weight of a member, or None when the member has none."""
        return dict(self.by_member).get(member)

    def as_dict(self) -> dict[str, int]:
        """A plain mapping from member id to percentage."""
        return dict(self.by_member)

    def drained(self, *gone: str) -> Weights:
        """The same split without these members: their weight goes to the others in proportion.

        Others that all have weight 0 share evenly. Rounding leftovers go to the members with the
        largest remainders, so the sum stays 100. Raises BadInput when nobody is left to carry the
        traffic.
        """
        return self._shared(dict.fromkeys(gone, 0))

    def holding(self, member: str, points: int) -> Weights:
        """The same split with ``member`` at ``points``; the others share the rest as above."""
        return self._shared({member: points})

    def _shared(self, fixed: Mapping[str, int]) -> Weights:
        """The others share, in proportion, what some fixed weights leave."""
        others = {m: w for m, w in self.by_member if m not in fixed and w > 0}
        if not others:
            others = {m: 1 for m, _ in self.by_member if m not in fixed}
        if not others:
            raise BadInput(f"no other member can carry the traffic of {', '.join(fixed)}")
        carried, left = sum(others.values()), TOTAL - sum(fixed.values())
        exact = {m: w * left / carried for m, w in others.items()}
        rounded = {m: int(x) for m, x in exact.items()}
        missing = left - sum(rounded.values())
        for m in sorted(exact, key=lambda m: exact[m] - rounded[m], reverse=True)[:missing]:
            rounded[m] += 1
        found = {**rounded, **fixed}
        return Weights(tuple((m, found.get(m, 0)) for m, _ in self.by_member))


def weights_in_words(weights: Mapping[str, object], members: Sequence[str] = ()) -> str:
    """Weights by member id for a person: ``20/80`` where ``members`` gives the file's order.

    Annotations and records come in the order of their keys: without the file's order, or for other
    members than the file's, each weight is said with its id.
    """
    if weights.keys() == set(members):
        return "/".join(str(weights[member]) for member in members)
    return ", ".join(f"{member} {weight}" for member, weight in weights.items())


def parse_weight(text: str, *, of: str) -> int:
    """One weight as a person types it: ASCII digits without sign, fraction or leading zero."""
    if not _INTEGER.fullmatch(text) or int(text) > TOTAL:
        raise BadInput(f"weight {text!r} of {of} is not a whole number from 0 to 100", hint=_FIX)
    return int(text)


def parse_weights(words: Sequence[str], members: Sequence[MemberCluster]) -> Weights:
    """Weights from the command line: ``20 80`` in the file's order, or ``poc-ack-1=20 …`` by name.

    Raises BadInput when a member is unknown, missing or named twice, when both forms are mixed,
    or when the sum is not 100.
    """
    words = [part for word in words for part in word.split(",") if part]
    named = [word for word in words if "=" in word]
    if named and len(named) != len(words):
        raise BadInput("named and positional weights are mixed", hint=f"write {_example(members)}")
    if named:
        return _by_name(named, members)
    if len(words) != len(members):
        names = ", ".join(m.name for m in members)
        raise BadInput(
            f"{len(words)} weights are given for {len(members)} members ({names})",
            hint=f"write {_example(members)}",
        )
    pairs = zip(members, words, strict=True)
    return Weights(tuple((m.id, parse_weight(word, of=m.name)) for m, word in pairs))


def _by_name(words: Sequence[str], members: Sequence[MemberCluster]) -> Weights:
    known = {key: m for m in members for key in (m.name, m.id)}
    given: dict[str, int] = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in known:
            raise BadInput(f"{name!r} is not a member", hint=f"write {_example(members)}")
        if known[name].id in given:
            raise BadInput(f"{name} is given two weights", hint=f"write {_example(members)}")
        given[known[name].id] = parse_weight(text, of=name)
    missing = [m.name for m in members if m.id not in given]
    if missing:
        raise BadInput(f"no weight for {', '.join(missing)}", hint=f"write {_example(members)}")
    return Weights(tuple((m.id, given[m.id]) for m in members))


def _example(members: Sequence[MemberCluster]) -> str:
    even, rest = divmod(TOTAL, max(1, len(members)))
    parts = [even + rest if n == 0 else even for n in range(len(members))]
    return " ".join(f"{m.name}={part}" for m, part in zip(members, parts, strict=True))
