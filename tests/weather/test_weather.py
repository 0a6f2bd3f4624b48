"""M23: drills through a network that is late and cuts calls restore, or say that they did not."""

from __future__ import annotations

import pytest

from tests.weather.run import run

DRILLS = 3


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_drill_in_bad_weather_tells_the_truth() -> None:
    codes, wrong = run(DRILLS)
    assert not wrong
    assert sum(codes.values()) == DRILLS
