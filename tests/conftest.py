"""What every test may use: golden files; and what every test is held to: nothing is left behind."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import leaks

TEMPORARY = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """A temporary folder of this process's own, so that what is left in it is ours."""
    leaks.warm_up()
    config.stash[TEMPORARY] = leaks.own_temporary_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    leaks.remove(config.stash[TEMPORARY])


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """M13: no process, descriptor, thread or temporary file survives a test."""
    with leaks.watched():
        yield


@pytest.fixture(autouse=True, scope="module")
def no_daemon_is_left() -> Iterator[None]:
    """M13: nor does anything of a module's tests together, daemons among it."""
    with leaks.watched_widely():
        yield


@pytest.fixture(autouse=True)
def no_name_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are not this machine's do not exist, at once and on every machine.

    A resolver that is slow, or that answers for names nobody has, would decide a test otherwise.
    """
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost", socket.gethostname()):
        return True
    try:
        return bool(ipaddress.ip_address(name.partition("%")[0]))
    except ValueError:
        return False


# A shared machine may pause for longer than any example takes; a test that hangs has a time-out.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden``: write what the program says now; review it like code."""
    parser.addoption(
        "--update-golden", action="store_true", help="Rewrite golden files instead of comparing."
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or rewrite the file when asked to."""
    update = request.config.getoption("--update-golden")

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        # An updated file is compared too: what cannot be read back as it was is no golden file.
        assert path.read_text(encoding="utf-8") == text, "if this is right: pytest --update-golden"

    return compare
