"""Watching: snapshots that follow changes at once and survive whatever a watch can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from alb_dr.errors import Forbidden, NotFound, Unreachable
from alb_dr.model.manifest import Manifest
from alb_dr.ports import Clock

SPELL_S = 4
"""Seconds of one watch request; then it is renewed from the last version, and a snapshot given."""
POLL_S = 1.0
"""Pause before the next list when watching does not work (safety F39)."""
MAX_FAILURES = 8
"""Lists lost in a row before the API counts as unreachable."""
LOST = 2
"""Lists lost in a row at the end that say more than what was seen before."""

Lister = Callable[[], tuple[tuple[Manifest, ...], str]]
Streamer = Callable[[str, int], Iterator[dict[str, Any]]]


class _ExpiredError(Exception):
    """The version we know is too old (410): list again."""


def watch(
    *,
    lister: Lister,
    streamer: Streamer,
    make: Callable[[dict[str, Any]], Manifest],
    clock: Clock,
    timeout_s: float,
) -> Iterator[tuple[Manifest, ...]]:
    """One snapshot now, one after each change, one at least every few seconds."""
    end = clock.monotonic() + timeout_s
    failures = lost = 0
    seen = False
    trouble: Unreachable | None = None
    state: dict[str, Manifest] = {}
    version = ""
    while True:
        try:
            if not version:
                listed, version = lister()
                lost = 0
                state = {_key(m): m for m in listed}
                seen = True
                yield tuple(state.values())
            spell = max(1, min(SPELL_S, int(end - clock.monotonic())))
            for event in streamer(version, spell):
                version, changed = _follow(event, state, version, make)
                failures = 0
                if changed:
                    yield tuple(state.values())
            failures = 0
            yield tuple(state.values())
        except _ExpiredError:
            version = ""
        except (NotFound, Forbidden):
            # The kind is not served (yet), or we may list but not watch: poll.
            yield from _listing(lister)
            version = ""
            clock.sleep(min(POLL_S, max(0.0, end - clock.monotonic())))
        except Unreachable as error:
            failures += 1
            lost += not version
            trouble = error
            if lost > MAX_FAILURES:
                raise
            version = ""
            pause_s = min(0.1 * failures, POLL_S)
            clock.sleep(min(pause_s, max(0.0, end - clock.monotonic())))
        if _is_over(clock, end, trouble if lost >= LOST or not seen else None):
            return


def _is_over(clock: Clock, end: float, trouble: Unreachable | None) -> bool:
    """Whether the time is up. Raises the trouble then, where it says more than what was seen."""
    if clock.monotonic() < end:
        return False
    if trouble is not None:
        raise trouble
    return True


def _listing(lister: Lister) -> Iterator[tuple[Manifest, ...]]:
    try:
        yield lister()[0]
    except NotFound:
        yield ()


def _follow(
    event: dict[str, Any],
    state: dict[str, Manifest],
    version: str,
    make: Callable[[dict[str, Any]], Manifest],
) -> tuple[str, bool]:
    """Work one event into the state; the newest version, and whether something changed."""
    kind, document = event.get("type"), event.get("object") or {}
    if kind == "ERROR":
        raise _ExpiredError
    version = str((document.get("metadata") or {}).get("resourceVersion") or version)
    if kind == "BOOKMARK":
        return version, False
    manifest = make(document)
    if kind == "DELETED":
        state.pop(_key(manifest), None)
    else:
        state[_key(manifest)] = manifest
    return version, True


def _key(manifest: Manifest) -> str:
    return f"{manifest.id.namespace or ''}/{manifest.id.name}"
