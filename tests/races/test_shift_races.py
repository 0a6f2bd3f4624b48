"""F8: two operators who shift at once, a thousand times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.races.shift import run

ROUNDS = 1_000


@pytest.mark.timeout(900)
def test_F8_one_of_two_operators_shifts(tmp_path: Path) -> None:
    assert run(ROUNDS, tmp_path) == []
