"""F8, F30: two operators who start a drill, guard and recover who end it, at the same instant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.races.run import run

ROUNDS = 1_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_F8_F30_one_of_two_wins_whatever_they_race_for(tmp_path: Path) -> None:
    assert run(ROUNDS, tmp_path) == []
