"""An answer nobody reads on, and one that cannot be written: neither is a bug of alb-dr."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from alb_dr.model.findings import Verdict
from alb_dr.report.document import Page
from alb_dr.report.terminal import text_of

PROGRAM = str(Path(sys.executable).parent / "alb-dr")
LONGEST_S = 60.0
ANSWERS = (["explain", "ADR-OPEN"], ["explain", "ADR-OPEN", "-o", "json"], ["version"], ["--help"])


def environ(*, buffered: bool) -> Mapping[str, str]:
    """Python's own buffer keeps what it could not write, and would fail again at the end."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return kept if buffered else {**kept, "PYTHONUNBUFFERED": "1"}


def unread(words: list[str], *, stderr: bool, buffered: bool) -> tuple[int, str]:
    """Run it with a stdout, and a stderr, whose reader is gone: exit code, and what was said."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer if stderr else subprocess.PIPE,
            timeout=LONGEST_S,
            env=environ(buffered=buffered),
            text=True,
        )
    finally:
        os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
@pytest.mark.parametrize("buffered", [True, False])
def test_F4_a_reader_that_went_away_is_no_failure(words: list[str], buffered: bool) -> None:
    assert unread(words, stderr=False, buffered=buffered) == (0, "")
    assert unread(words, stderr=True, buffered=buffered)[0] == 0


def test_F4_a_reader_that_went_away_changes_no_exit_code() -> None:
    wrong = ["explain", "nothing", "-o", "json"]
    code, said = unread(wrong, stderr=False, buffered=True)
    assert code == 2
    assert "cannot be written" not in said
    assert unread(wrong, stderr=True, buffered=True)[0] == 2


def on_a_full_disk(words: list[str], *, buffered: bool) -> str:
    """What a command says on stderr whose stdout takes nothing; it ends with 2."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=LONGEST_S,
            env=environ(buffered=buffered),
            text=True,
        )
    assert done.returncode == 2
    return done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
@pytest.mark.parametrize("buffered", [True, False])
def test_F6_an_answer_that_cannot_be_written_is_told_in_one_line(
    words: list[str], buffered: bool
) -> None:
    said = on_a_full_disk(words, buffered=buffered)
    assert said == "error[ADR-INPUT]: the answer cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_F6_a_failure_whose_answer_cannot_be_written_keeps_its_own_code(tmp_path: Path) -> None:
    absent = ["check", "--config", str(tmp_path / "none.yaml"), "-o", "json"]
    said = on_a_full_disk(absent, buffered=True)
    assert "warning: the answer cannot be written" in said
    assert "none.yaml: no such file" in said


def test_closed_standard_streams_are_never_given_to_a_file_that_is_opened_later() -> None:
    looked = (
        "import os, sys; from alb_dr.cli.main import _open_standard_streams as open_them; "
        "open_them(); print('x'); sys.stderr.write('x'); "
        "sys.exit(os.open(os.devnull, os.O_RDONLY))"
    )
    shell = f'exec {sys.executable} -c "{looked}" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", shell], timeout=LONGEST_S).returncode == 3


class Full(io.StringIO):
    """A stdout that takes nothing, not even nothing."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_F6_a_page_is_made_without_a_look_at_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(title="a drill", verdict=Verdict.PASS, headline="all is back", sections=())
    monkeypatch.setattr(sys, "stdout", Full())
    assert "all is back" in text_of(page, colour=False)
