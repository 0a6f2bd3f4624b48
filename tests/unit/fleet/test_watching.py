"""F39: whatever a watch does, the snapshots go on; what never worked is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alb_dr.errors import Forbidden, Unreachable
from alb_dr.fleet.watching import watch
from alb_dr.model.manifest import Manifest
from tests.fakes.gateway import MovingClock

Event = dict[str, Any]


def document(version: int, name: str = "a") -> Event:
    metadata = {"name": name, "namespace": "n", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def event(kind: str, version: int, name: str = "a") -> Event:
    return {"type": kind, "object": document(version, name)}


GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}
BOOKMARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}
Spell = list[Event] | Exception


class Server:
    """Lists one object whose version grows; each watch is the next of the script."""

    def __init__(self, clock: MovingClock, spells: list[Spell]) -> None:
        self.clock = clock
        self.spells = spells
        self.lists = 0
        self.asked: list[str] = []

    def list(self) -> tuple[tuple[Manifest, ...], str]:
        self.lists += 1
        return (Manifest.of(document(self.lists)),), str(self.lists)

    def stream(self, version: str, seconds: int) -> Iterator[Event]:
        self.asked.append(version)
        spell = self.spells.pop(0) if self.spells else []
        if isinstance(spell, Exception):
            raise spell
        yield from spell
        self.clock.sleep(seconds)


def seen(spells: list[Spell], timeout_s: float = 6.0) -> tuple[Server, list[list[str]]]:
    """The versions of every snapshot."""
    clock = MovingClock()
    server = Server(clock, spells)
    snapshots = watch(
        lister=server.list,
        streamer=server.stream,
        make=Manifest.of,
        clock=clock,
        timeout_s=timeout_s,
    )
    return server, [[str(m.resource_version) for m in snapshot] for snapshot in snapshots]


def test_F39_a_version_that_is_gone_is_listed_anew() -> None:
    server, versions = seen([[event("MODIFIED", 5), GONE]])
    assert server.lists == 2
    assert versions[:3] == [["1"], ["5"], ["2"]]


def test_F39_a_watch_that_closes_at_once_goes_on_from_where_it_was() -> None:
    server, versions = seen([[event("MODIFIED", 5)], []])
    assert server.asked[:2] == ["1", "5"]
    assert versions[-1] == ["5"]


def test_F39_a_bookmark_moves_the_version_and_shows_nothing_new() -> None:
    server, versions = seen([[BOOKMARK]])
    assert server.asked[1] == "9"
    assert {tuple(v) for v in versions} == {("1",)}


def test_F39_events_of_what_is_gone_already_do_no_harm() -> None:
    _, versions = seen([[event("DELETED", 4, "b"), event("DELETED", 5), event("ADDED", 6)]])
    assert versions[-1] == ["6"]


@pytest.mark.parametrize("trouble", [Unreachable("cut"), Forbidden("list, but not watch")])
def test_F39_without_a_watch_it_is_polled(trouble: Exception) -> None:
    server, versions = seen([trouble] * 5)
    assert server.lists >= 3
    assert versions[-1] != versions[0]


def test_F39_an_api_that_never_answers_is_not_an_empty_one() -> None:
    clock = MovingClock()

    def never() -> tuple[tuple[Manifest, ...], str]:
        clock.sleep(1.3)
        raise Unreachable("no answer")

    def nothing(_version: str, _seconds: int) -> Iterator[Event]:
        return iter(())

    snapshots = watch(lister=never, streamer=nothing, make=Manifest.of, clock=clock, timeout_s=4.0)
    with pytest.raises(Unreachable):
        list(snapshots)


def test_F39_a_watch_that_never_works_is_polled_to_the_end() -> None:
    server, versions = seen([Unreachable("cut")] * 50, timeout_s=20.0)
    assert 15 < server.lists < 40, "about one list a second"
    assert versions[-1] == [str(server.lists)]


def test_F41_an_api_that_went_away_is_said_rather_than_what_was_seen_before() -> None:
    clock = MovingClock()
    server = Server(clock, [Unreachable("cut")])
    snapshots = watch(
        lister=lambda: server.list() if server.lists == 0 else _silent(clock),
        streamer=server.stream,
        make=Manifest.of,
        clock=clock,
        timeout_s=6.0,
    )
    assert len(next(snapshots)) == 1
    with pytest.raises(Unreachable, match="no answer"):
        list(snapshots)


def _silent(clock: MovingClock) -> tuple[tuple[Manifest, ...], str]:
    clock.sleep(1.0)
    raise Unreachable("no answer")
