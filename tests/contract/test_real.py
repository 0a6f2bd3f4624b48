"""The real control plane itself: it starts, is what it says, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from alb_dr.sandbox.real.control_plane import ADMIN, ASSETS, ControlPlane, binaries
from tests.contract.raw import Raw

ASSETS_FOLDER = binaries()


@pytest.mark.kubernetes
@pytest.mark.skipif(
    ASSETS_FOLDER is None,
    reason=f"{ASSETS} names no folder with kube-apiserver and etcd: the contract is held against "
    "the fake and the embedded API only",
)
def test_a_real_api_server_starts_and_ends(tmp_path: Path) -> None:
    assert ASSETS_FOLDER is not None
    with ControlPlane(ASSETS_FOLDER, tmp_path, tokens={"t": ADMIN}) as plane:
        version = Raw(plane.address, plane.ca, "t").get("/version").body
        assert "sandbox" not in version["gitVersion"]
        raw = Raw(plane.address, plane.ca, "t")
    with pytest.raises(ConnectionRefusedError):
        raw.get("/version")
