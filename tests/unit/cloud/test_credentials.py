"""Credentials are looked for where the SDK looks, and nowhere that costs a time-out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alb_dr.clock import RealClock
from alb_dr.cloud.connect import MISSING, connect
from alb_dr.cloud.credentials import are_mentioned, is_on_cloud
from alb_dr.errors import CredentialsError

CODE = """
from alb_dr.cloud.credentials import load_credential
from alb_dr.errors import CredentialsError
try:
    found = load_credential().get_credential()
    print(found.access_key_id, found.provider_name)
except CredentialsError as error:
    print(error.code, error.message)
"""


def loaded(home: Path, **environ: str) -> str:
    """What a fresh process finds; the SDK reads the environment when it is imported."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ALIBABA_CLOUD_")}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**kept, "HOME": str(home), **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip()


def test_nothing_is_mentioned_on_a_bare_machine(tmp_path: Path) -> None:
    assert not are_mentioned({}, home=tmp_path, vendor=tmp_path / "none")


@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ECS_METADATA"])
def test_a_variable_mentions_them(tmp_path: Path, name: str) -> None:
    assert are_mentioned({name: "x"}, home=tmp_path, vendor=tmp_path / "none")
    assert not are_mentioned({name: ""}, home=tmp_path, vendor=tmp_path / "none")


def test_a_profile_and_an_instance_mention_them(tmp_path: Path) -> None:
    vendor = tmp_path / "product_name"
    vendor.write_text("Alibaba Cloud ECS\n")
    assert is_on_cloud(vendor)
    assert are_mentioned({}, home=tmp_path, vendor=vendor)
    profile = tmp_path / ".aliyun" / "config.json"
    profile.parent.mkdir()
    profile.write_text("{}")
    assert are_mentioned({}, home=tmp_path, vendor=tmp_path / "none")


def test_without_credentials_nothing_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CredentialsError) as caught:
        connect(region="cn-hongkong", clock=RealClock(), timeout_s=1, environ={})
    assert caught.value.code == MISSING
    assert caught.value.message == "there are no cloud credentials on this machine"


def test_the_environment_comes_first(tmp_path: Path) -> None:
    pair = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "AK", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "hidden"}
    assert loaded(tmp_path, **pair) == "AK default/env"


def test_a_broken_profile_is_one_line_without_its_secret(tmp_path: Path) -> None:
    profile = tmp_path / ".aliyun" / "config.json"
    profile.parent.mkdir()
    profile.write_text('{"current": "default", "profiles": [{"access_key_secret": "hidden"')
    said = loaded(tmp_path)
    assert said.startswith("ADR-CLOUD-CREDENTIALS the cloud credentials found here cannot be used")
    assert "hidden" not in said
