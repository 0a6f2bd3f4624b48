"""Health: when the prober itself is the trouble, the run says so."""

from __future__ import annotations

import pytest

from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.probe.health import HealthBook
from tests.fakes.samples import a_sample, columns_of


def invalid(*parts: SampleColumns) -> str | None:
    """Why the run proves nothing, if so."""
    book = HealthBook()
    for part in parts:
        book.add(part)
    return book.health().invalid


def late(count: int, by_s: float) -> SampleColumns:
    """Requests sent this late."""
    return columns_of([a_sample(sent_s=by_s) for _ in range(count)])


def local(count: int) -> SampleColumns:
    """Requests that failed on this machine."""
    return columns_of([a_sample(outcome=Outcome.LOCAL) for _ in range(count)])


def test_a_prober_that_keeps_up_is_valid() -> None:
    assert invalid(late(1000, 0.0002)) is None
    assert invalid() is None


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((late(989, 0.0), late(11, 0.2)), "late"),
        ((late(1000, 0.02),), "half of the requests"),
        ((late(998, 0.0), local(2)), "2 of 1000 requests failed on this machine"),
        ((local(1),), "1 of 1 requests"),
    ],
)
def test_F80_a_prober_that_does_not_is_not(parts: tuple[SampleColumns, ...], words: str) -> None:
    assert words in (invalid(*parts) or "")


def test_rare_lateness_is_forgiven() -> None:
    assert invalid(late(991, 0.0), late(9, 0.5)) is None
    assert invalid(late(9999, 0.0), local(1)) is None


def test_a_bug_outranks_everything() -> None:
    book = HealthBook()
    book.add(late(10, 1.0))
    book.broken = "the prober failed: KeyError"
    assert book.health().invalid == "the prober failed: KeyError"
