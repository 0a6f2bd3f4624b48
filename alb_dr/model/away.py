"""Away: traffic was moved away from a member on purpose; where it is to return to.

The record stands on the Ingress itself and is written in the same patch as the weights, so
neither can be there without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from alb_dr.errors import BadInput
from alb_dr.model.weights import Weights

SCHEMA = 1
"""Version of the record; a newer one is not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Who moved the traffic away from whom, why and since when; the weights to return to.

    ``members`` (ids) are those that carry less than before, ``former`` every member's weight
    before the first such move; ``since`` is ISO 8601, ``verb`` the command that moved last.
    """

    operation: str
    verb: str
    members: Sequence[str]
    former: Mapping[str, int]
    by: str
    reason: str
    since: str
    schema: int = SCHEMA

    @property
    def home(self) -> Weights:
        """The weights to return to."""
        return Weights.of(dict(self.former))

    def is_over(self, weights: Mapping[str, int]) -> bool:
        """Whether every member it was moved away from carries its former weight again."""
        return all(weights.get(member, 0) >= self.former[member] for member in self.members)

    def dump(self) -> str:
        """The annotation's value."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def parse(text: str) -> Away | None:
        """The record of an annotation; None for one this version must not touch."""
        try:
            raw = json.loads(text)
            away = Away(**{**raw, "members": tuple(raw["members"])})
            words = (away.operation, away.verb, away.by, away.reason, away.since, *away.members)
            sound = all(isinstance(word, str) for word in words)
            sound = (
                sound and away.schema == SCHEMA and datetime.fromisoformat(away.since) is not None
            )
            known = set(Weights.of(away.former).as_dict())
        except (ValueError, TypeError, KeyError, AttributeError, BadInput):
            return None
        sound = sound and away.schema == SCHEMA and bool(away.members)
        return away if sound and known.issuperset(away.members) else None


def moved_away(  # noqa: PLR0913  a record has this many parts
    start: Weights,
    target: Weights,
    earlier: Away | None,
    *,
    operation: str,
    verb: str,
    by: str,
    reason: str,
    since: datetime,
) -> Away | None:
    """The record of a move from ``start`` to ``target``; None when nobody is left with less.

    Traffic that is away already returns to where it was before the first move, not to a place
    half-way.
    """
    former = earlier.home if earlier is not None else start
    members = tuple(m for m, weight in former if (target.get(m) or 0) < weight)
    if not members:
        return None
    return Away(
        operation=operation,
        verb=verb,
        members=members,
        former=former.as_dict(),
        by=by,
        reason=reason,
        since=since.isoformat(timespec="seconds"),
    )
