"""Samples on disk: nothing is lost, nothing is made up."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alb_dr.errors import BadInput, NotFound, Refused
from alb_dr.journal.samples import MAGIC, SampleFile, read_samples
from alb_dr.model.sample import Outcome, Sample, SampleColumns
from tests.fakes.samples import answers, batches, columns_of

INSTANTS = st.floats(min_value=-1, max_value=1e6, allow_nan=False)
SAMPLES = st.builds(
    Sample,
    due_s=INSTANTS,
    sent_s=INSTANTS,
    first_byte_s=INSTANTS,
    finished_s=INSTANTS,
    status=st.integers(0, 999),
    outcome=st.sampled_from(Outcome),
    member=st.integers(-3, 120),
    reused=st.booleans(),
    address=st.integers(0, 255),
)


def written(path: Path, *parts: SampleColumns) -> Path:
    """A file of the parts."""
    log = SampleFile(path, members=("a", "b"))
    for part in parts:
        log.add(part)
    log.close()
    return path


@settings(max_examples=30, deadline=None)
@given(parts=st.lists(st.lists(SAMPLES, max_size=20), max_size=4))
def test_what_is_written_is_read_again(
    parts: list[list[Sample]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("samples") / "s"
    written(path, *map(columns_of, parts))
    again = [list(columns) for columns in read_samples(path)]
    assert again == [part for part in parts if part]


def test_samples_are_readable_while_the_run_goes_on(tmp_path: Path) -> None:
    log = SampleFile(tmp_path / "s", members=("a", "b"))
    log.add(answers(3, 4))
    assert [len(c) for c in log.read()] == [7]
    log.add(answers(1, 1))
    assert [len(c) for c in log.read()] == [7, 2]
    log.close()


@pytest.mark.parametrize("lost", [1, 10, 100])
def test_a_torn_tail_costs_the_last_block_only(tmp_path: Path, lost: int) -> None:
    path = written(tmp_path / "s", *batches(answers(100, 400), 100))
    path.write_bytes(path.read_bytes()[:-lost])
    assert sum(map(len, read_samples(path))) == 400


def test_a_damaged_block_ends_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path / "s", *batches(answers(100, 400), 100))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert sum(map(len, read_samples(path))) < 500


def test_the_file_is_private_and_never_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "s", answers(1, 1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Refused):
        SampleFile(path, members=())


def test_samples_stay_compact(tmp_path: Path) -> None:
    path = written(tmp_path / "s", answers(20_000, 80_000))
    assert path.stat().st_size < 100_000 * 25


def test_what_is_no_samples_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(read_samples(tmp_path / "absent"))
    (tmp_path / "other").write_text("hello")
    with pytest.raises(BadInput):
        list(read_samples(tmp_path / "other"))
    (tmp_path / "empty").write_bytes(MAGIC)
    assert list(read_samples(tmp_path / "empty")) == []


def test_a_big_endian_machine_writes_and_reads_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = written(tmp_path / "here", answers(3, 4)).read_bytes()
    monkeypatch.setattr("alb_dr.journal.samples.sys", SimpleNamespace(byteorder="big"))
    path = written(tmp_path / "there", answers(3, 4))
    (again,) = read_samples(path)
    assert list(again) == list(answers(3, 4))
    # This machine is none: what it swaps when it writes is the other order.
    assert path.read_bytes() != here
