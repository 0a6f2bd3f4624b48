"""A failure after something was written names it, and does not say that nothing was changed."""

from __future__ import annotations

import pytest

from alb_dr.errors import AlbDrError, DeadlineExceeded, Forbidden, PartlyApplied, Unreachable
from alb_dr.workflows.after_writing import after_writing

HINT = "is https://api reachable from here? nothing was changed"


def test_what_was_written_is_named() -> None:
    with pytest.raises(PartlyApplied) as caught, after_writing(["Ingress a/b"]):
        raise Unreachable("Fleet: no answer", hint=HINT)
    assert caught.value.applied == ("Ingress a/b",)
    assert "Fleet: no answer" in caught.value.message
    assert "nothing was changed" not in str(caught.value.hint)
    assert "running the same command again is safe" in str(caught.value.hint)


def test_what_is_written_meanwhile_counts() -> None:
    written: list[str] = []

    def delete_two() -> None:
        with after_writing(written):
            written.append("Ingress a/b deleted")
            raise Forbidden("no")

    with pytest.raises(PartlyApplied) as caught:
        delete_two()
    assert caught.value.applied == ("Ingress a/b deleted",)


@pytest.mark.parametrize("error", [Unreachable("gone", hint=HINT), Forbidden("no")])
def test_without_a_write_a_failure_stays_as_it_is(error: AlbDrError) -> None:
    with pytest.raises(type(error)) as caught, after_writing([]):
        raise error
    assert caught.value is error


def test_a_time_out_says_by_itself_what_it_waited_for() -> None:
    with pytest.raises(DeadlineExceeded), after_writing(["Ingress a/b"]):
        raise DeadlineExceeded("the traffic does not follow")
