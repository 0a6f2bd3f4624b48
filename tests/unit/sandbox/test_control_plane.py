"""Starting and ending a control plane, with small programs in the place of the real binaries."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from alb_dr.errors import Unreachable
from alb_dr.sandbox.processes import started_at
from alb_dr.sandbox.real.control_plane import ADMIN, ASSETS, ControlPlane, binaries
from tests.contract.raw import Raw
from tests.fakes.control_plane import API_SERVER, ETCD, WAIT, assets

BROKEN = f"""{WAIT}
print("flag provided but not defined: --authorization-mode", flush=True)
raise SystemExit(2)
"""
TOKENS = {"token-of-the-administrator": ADMIN}


def test_a_folder_needs_both_binaries(tmp_path: Path) -> None:
    one = assets(tmp_path / "one", etcd=ETCD)
    both = assets(tmp_path / "both", etcd=ETCD, kube_apiserver=API_SERVER)
    assert binaries({}) is None
    assert binaries({ASSETS: ""}) is None
    assert binaries({ASSETS: str(one)}) is None
    assert binaries({ASSETS: str(both)}) == both


def test_it_answers_while_it_runs_and_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    programs = assets(tmp_path / "bin", etcd=ETCD, kube_apiserver=API_SERVER)
    with ControlPlane(programs, folder, tokens=TOKENS) as plane:
        raw = Raw(plane.address, plane.ca, next(iter(TOKENS)))
        assert raw.get("/api/v1/namespaces/kube-system").status == 200
        assert raw.as_user("another").get("/api/v1/namespaces").status == 401
        pids = [int((folder / f"{name}.pid").read_text()) for name in ("etcd", "api")]
        assert all(started_at(pid) for pid in pids)
    assert not any(started_at(pid) for pid in pids)


def test_only_its_owner_may_read_its_keys_and_tokens(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    programs = assets(tmp_path / "bin", etcd=ETCD, kube_apiserver=API_SERVER)
    with ControlPlane(programs, folder, tokens=TOKENS):
        modes = {name: (folder / name).stat().st_mode for name in ("tokens.csv", "server.pem")}
    assert {name: stat.S_IMODE(mode) for name, mode in modes.items()} == {
        "tokens.csv": 0o600,
        "server.pem": 0o600,
    }
    assert (folder / "tokens.csv").read_text().endswith(f"{ADMIN},{ADMIN},system:masters\n")


def test_one_that_does_not_start_says_why_and_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    programs = assets(tmp_path / "bin", etcd=ETCD, kube_apiserver=BROKEN)
    with (
        pytest.raises(Unreachable, match="kube-apiserver: flag provided but not defined") as found,
        ControlPlane(programs, folder, tokens=TOKENS),
    ):
        pytest.fail("it started")
    assert found.value.hint is not None
    assert ASSETS in found.value.hint
    assert not started_at(int((folder / "etcd.pid").read_text()))
