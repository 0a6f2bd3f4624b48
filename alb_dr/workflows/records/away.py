"""The record of traffic moved away: read from the Ingress, written with the weights."""

from __future__ import annotations

from collections.abc import Mapping

from alb_dr.model.away import Away
from alb_dr.model.manifest import Manifest
from alb_dr.model.printable import printable
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.render.annotations import AWAY, whole_weights_of


def away_of(live: Manifest) -> Away | None:
    """The record of traffic moved away, unless the live weights end it or it is unreadable."""
    away = Away.parse(live.annotations.get(AWAY, ""))
    return None if away is None or away.is_over(whole_weights_of(live.annotations)) else away


def away_operations(live: Manifest, weights: Weights, away: Away | None) -> list[dict[str, object]]:
    """What happens to the record of traffic moved away when these weights are written.

    A record of another version is left alone. One that somebody's plain edit of the weights has
    ended already goes, too, or it would come true again later.
    """
    path = f"/metadata/annotations/{escaped(AWAY)}"
    there = live.annotations.get(AWAY)
    wanted = away or away_of(live)
    if wanted is not None and not wanted.is_over(weights.as_dict()):
        if there == wanted.dump():
            return []
        return [{"op": "add", "path": path, "value": wanted.dump()}]
    if there is None or Away.parse(there) is None:
        return []
    return [{"op": "test", "path": path, "value": there}, {"op": "remove", "path": path}]


def away_words(topology: Topology, away: Away) -> str:
    """The record in one line for a person."""
    known = {m.id: m.name for m in topology.members}
    names = ", ".join(known.get(m, m) for m in away.members)
    former = ", ".join(
        f"{known.get(m, m)} {weight}"
        for m, weight in sorted(away.former.items(), key=lambda pair: _place(pair[0], known))
    )
    reason = f": {away.reason}" if away.reason else ""
    # The record is text that anybody who may patch the Ingress may have written.
    return printable(
        f"traffic is away from {names} since {away.since}, moved by {away.by} "
        f"(failover {away.verb} {away.operation}){reason}; before: {former}",
        longest=600,
    )


def _place(member: str, known: Mapping[str, str]) -> int:
    """The place of a member in the project file; strangers come last."""
    return list(known).index(member) if member in known else len(known)


def escaped(key: str) -> str:
    """An annotation's key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
