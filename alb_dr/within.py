"""Waiting no longer than so long for what cannot be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

T = TypeVar("T")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What ``ask`` gives or raises; TimeoutError when that takes longer.

    It then goes on in a thread that nobody waits for.
    """
    ended: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            ended.put((ask(), None))
        except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
            ended.put((None, error))

    threading.Thread(target=run, name="alb-dr-within", daemon=True).start()
    try:
        given, error = ended.get(timeout=max(0.0, seconds))
    except Empty:
        raise TimeoutError(f"timed out after {seconds:g} s") from None
    if error is not None:
        raise error
    return cast("T", given)
