"""The matrix leaves no command out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from alb_dr.cli.app import app
from tests.faults.command import Command
from tests.faults.commands import COMMANDS, NO_API


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The full name of every command of the tree."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name))


def is_named(command: Command, name: str) -> bool:
    words = tuple(name.split())
    return command.words[: len(words)] == words


def test_every_command_is_in_the_matrix_or_asks_no_api() -> None:
    known = list(leaves(typer.main.get_command(app)))
    assert "failover drill" in known
    missing = [
        name
        for name in known
        if name not in NO_API and not any(is_named(command, name) for command in COMMANDS)
    ]
    assert not missing, "add them to tests/faults/commands.py"


def test_no_command_is_left_out_that_does_not_exist_or_is_in_the_matrix() -> None:
    known = set(leaves(typer.main.get_command(app)))
    assert set(NO_API) <= known
    assert not [name for name in NO_API if any(is_named(command, name) for command in COMMANDS)]
    assert all(reason for reason in NO_API.values())


def test_names_are_unique() -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))
