"""The ledger of a drill: durable before the call returns, numbered without gaps, private."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alb_dr.errors import Interruption, Refused
from alb_dr.journal.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "new" / "ledger.jsonl", drill_id="7f3a")
    yield made
    made.close()


def lines(ledger: Ledger) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.path.read_text().splitlines()]


def test_each_event_is_a_line_with_its_number(ledger: Ledger) -> None:
    ledger.write("intent", replicas=3)
    ledger.write("fired")
    found = lines(ledger)
    assert [(line["seq"], line["event"], line["drill"]) for line in found] == [
        (1, "intent", "7f3a"),
        (2, "fired", "7f3a"),
    ]
    assert found[0]["replicas"] == 3


def test_it_is_for_its_owner_only(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700


def test_it_is_on_the_disk_before_the_call_returns(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real_write, real_sync = os.write, os.fsync

    def write(file: int, content: bytes) -> int:
        order.append("write")
        return real_write(file, content)

    def fsync(file: int) -> None:
        order.append("fsync")
        real_sync(file)

    monkeypatch.setattr("alb_dr.journal.ledger.os.write", write)
    monkeypatch.setattr("alb_dr.journal.ledger.os.fsync", fsync)
    ledger.write("intent")
    assert order == ["write", "fsync"]


def test_F7_an_existing_file_or_a_link_is_not_written_over(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(there)
    for path in (there, link):
        with pytest.raises(Refused) as caught:
            Ledger(path, drill_id="1")
        assert caught.value.code == "ADR-JOURNAL"
    assert there.read_text() == "mine"


def test_F6_a_full_disk_is_refused_and_leaves_no_half_line(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.write("intent")
    real = os.write

    def half(file: int, content: bytes) -> int:
        return real(file, content[:10])

    with monkeypatch.context() as full:
        full.setattr("alb_dr.journal.ledger.os.write", half)
        with pytest.raises(Refused) as caught:
            ledger.write("fired")
    assert os.strerror(errno.ENOSPC) in caught.value.message
    ledger.write("restored")
    assert [(line["seq"], line["event"]) for line in lines(ledger)] == [
        (1, "intent"),
        (2, "restored"),
    ]


@pytest.mark.parametrize("operation", ["write", "fsync"])
def test_I7_a_signal_in_the_middle_leaves_no_gap(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    real = getattr(os, operation)

    def interrupted(*args: Any) -> None:
        real(*args)
        raise Interruption(2)

    with monkeypatch.context() as signalled:
        signalled.setattr(f"alb_dr.journal.ledger.os.{operation}", interrupted)
        with pytest.raises(Interruption):
            ledger.write("intent")
    ledger.write("restored")
    ledger.write("closed")
    assert [line["seq"] for line in lines(ledger)] == [1, 2]


def test_F7_each_line_names_the_digest_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path, drill_id="7f3a")
    for event in ("intent", "fired", "restored"):
        ledger.write(event)
    ledger.close()
    written = path.read_bytes().splitlines(keepends=True)
    known = [json.loads(line)["prev_sha256"] for line in written]
    assert known == ["", *(hashlib.sha256(line).hexdigest() for line in written[:-1])]
