"""F8: two operators who start a drill at once, a thousand times."""

from __future__ import annotations

from pathlib import Path

from tests.races.run import run

ROUNDS = 1_000


def test_F8_one_of_two_operators_drills(tmp_path: Path) -> None:
    assert run(ROUNDS, tmp_path) == []
