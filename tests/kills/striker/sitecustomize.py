"""Put first on PYTHONPATH of the program under test: counts its disk operations, strikes at one.

``ALB_TEST_FOLDER``: only what is below it counts. ``ALB_TEST_COUNT``: a file that gets a line for
each operation. ``ALB_TEST_STRIKE``: ``NAME NTH before|after SIGNUM``; without it nothing is struck.
The interpreter imports a module of this name by itself when it starts.
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable
from typing import Any

_FOLDER = os.environ.get("ALB_TEST_FOLDER", "")
_COUNT = os.environ.get("ALB_TEST_COUNT", "")
_STRIKE = os.environ.get("ALB_TEST_STRIKE", "").split()
_seen: Counter[str] = Counter()
_real_write, _real_open = os.write, os.open


def _concerns(first: Any) -> bool:
    if isinstance(first, int):
        if first <= 2:
            return False
        try:
            first = os.readlink(f"/proc/self/fd/{first}")  # noqa: PTH115  pathlib is watched, too
        except OSError:
            return False
    try:
        return os.path.abspath(os.fspath(first)).startswith(_FOLDER)  # noqa: PTH100  as above
    except TypeError:
        return False


def _strike(name: str, when: str) -> None:
    if when == "before":
        _seen[name] += 1
        if _COUNT:
            out = _real_open(_COUNT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            _real_write(out, f"{name}\n".encode())
            os.close(out)
    if _STRIKE and (name, str(_seen[name]), when) == tuple(_STRIKE[:3]):
        os.kill(os.getpid(), int(_STRIKE[3]))


def _watched(name: str, do: Callable[..., Any], writes: Callable[..., bool]) -> Callable[..., Any]:
    def call(*args: Any, **words: Any) -> Any:
        if not (args and writes(*args, **words) and _concerns(args[0])):
            return do(*args, **words)
        _strike(name, "before")
        answer = do(*args, **words)
        _strike(name, "after")
        return answer

    return call


def _always(*_args: Any, **_words: Any) -> bool:
    return True


def _opens_to_write(_path: Any, mode: str = "r", *_args: Any, **_words: Any) -> bool:
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


def _makes(_path: Any, flags: int = 0, *_args: Any, **_words: Any) -> bool:
    return bool(flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR))


def _install() -> None:
    for name in ("mkdir", "write", "fsync", "replace", "rename", "unlink", "rmdir"):
        setattr(os, name, _watched(name, getattr(os, name), _always))
    os.open = _watched("open", os.open, _makes)  # type: ignore[assignment]
    io.open = builtins.open = _watched(  # type: ignore[assignment]
        "open-file", builtins.open, _opens_to_write
    )
    # It decides at import whether it may use directory descriptors, by identity of these.
    shutil._use_fd_functions = False  # type: ignore[attr-defined]


if _FOLDER:
    _install()
