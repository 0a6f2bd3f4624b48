"""The reader in the docs reads what we write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from alb_dr.journal.samples import SampleFile
from alb_dr.model.sample import SampleColumns
from tests.fakes.samples import answers, batches

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "samples-format.md"


def test_the_documented_reader_reads_our_files(tmp_path: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(code, names)
    columns = answers(20, 80)
    log = SampleFile(tmp_path / "s", members=("a", "b"))
    for part in batches(columns, 30):
        log.add(part)
    log.close()
    blocks = list(names["read"](tmp_path / "s"))
    assert [len(block["due_s"]) for block in blocks] == [30, 30, 30, 10]
    for name in SampleColumns.__slots__:
        read = [value for block in blocks for value in block[name]]
        assert read == list(getattr(columns, name)), name
        assert f"`{name}`" in PAGE.read_text()
