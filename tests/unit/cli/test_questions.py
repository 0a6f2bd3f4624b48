"""Questions on a terminal: what is typed, and what happens when nobody can be asked."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alb_dr.cli.confirm import confirm, confirm_by_name
from alb_dr.cli.shifting import ask
from alb_dr.errors import BadInput, Refused
from alb_dr.model.shift import Answer


class Terminal(io.StringIO):
    """Somebody who has typed."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the person have typed this."""
    monkeypatch.setattr(sys, "stdin", Terminal(text))


@contextmanager
def through_a_pipe(monkeypatch: pytest.MonkeyPatch, text: str) -> Iterator[None]:
    """The same for what waits on the descriptor; then nobody types any more."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield


def test_the_name_is_typed_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "gateway\n")
    confirm_by_name("1 AlbConfig", "gateway", given=None)
    typed(monkeypatch, "gatewya\n")
    with pytest.raises(Refused, match="nothing was deleted"):
        confirm_by_name("1 AlbConfig", "gateway", given=None)


def test_the_question_says_how_much_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "gateway\n")
    confirm_by_name("2 Application, 4 running pods", "gateway", given=None)
    assert "this deletes 2 Application, 4 running pods" in capsys.readouterr().err


def test_without_a_terminal_the_name_is_on_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    confirm_by_name("1 AlbConfig", "gateway", given="gateway")
    with pytest.raises(BadInput, match="no terminal"):
        confirm_by_name("1 AlbConfig", "gateway", given=None)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("r\n", Answer.ROLLBACK),
        ("F\n", Answer.FREEZE),
        ("continue\n", Answer.CONTINUE),
        ("", Answer.ROLLBACK),
        ("what?\n", Answer.ROLLBACK),
    ],
)
def test_what_is_unclear_means_roll_back(
    monkeypatch: pytest.MonkeyPatch, text: str, answer: Answer
) -> None:
    with through_a_pipe(monkeypatch, text):
        assert ask("the traffic does not follow", lambda: None) is answer


def test_while_nobody_answers_there_are_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    signs: list[str] = []

    def alive() -> None:
        signs.append("alive")
        os.write(writer, b"f\n")

    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert ask("the traffic does not follow", alive) is Answer.FREEZE
    os.close(writer)
    assert signs == ["alive"]


def test_anything_but_yes_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "maybe\n")
    with pytest.raises(Refused, match="not confirmed"):
        confirm("really?", yes=False)
