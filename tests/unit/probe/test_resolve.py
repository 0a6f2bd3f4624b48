"""Resolve: every address, none of those that no gateway can have."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from alb_dr.errors import BadInput, Refused, Unreachable
from alb_dr.probe import resolve
from alb_dr.probe.resolve import addresses_of, host_and_port


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """A resolver that knows one name."""

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 0)) for a in answers]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_all_addresses_are_kept_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, "10.0.0.2", "10.0.0.1", "10.0.0.2", "2001:db8::1")
    assert addresses_of("alb.example.com") == ("10.0.0.2", "10.0.0.1", "2001:db8::1")


@pytest.mark.parametrize("name", ["localhost", "alb-1.cn-hongkong.alb.localhost", "LOCALHOST."])
def test_localhost_names_are_loopback_without_a_resolver(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, "10.6.6.6")
    assert addresses_of(name) == ("127.0.0.1",)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "100.100.100.200", "169.254.1.1", "fe80::1", "fe80::1%eth0",
        "fd00:ec2::254", "::ffff:169.254.169.254", "0.0.0.0", "::", "224.0.0.1",
    ],
)  # fmt: skip
def test_F48_a_poisoned_name_is_refused_before_anything_is_sent(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, "10.0.0.1", address)
    with pytest.raises(Refused, match="nothing was sent"):
        addresses_of("alb.example.com")


def test_F48_a_forbidden_literal_is_refused_too() -> None:
    with pytest.raises(Refused):
        addresses_of("169.254.169.254")


def test_F48_a_name_that_does_not_resolve_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable, match="does not resolve") as caught:
        addresses_of("alb.example.com")
    assert "--connect-to" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["a" * 300 + ".com", "bad..name", "\udcff.com"])
def test_F48_an_impossible_name_is_unreachable_not_a_crash(name: str) -> None:
    with pytest.raises(Unreachable):
        addresses_of(name)


def test_F48_a_silent_resolver_is_waited_for_no_longer_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silence = threading.Event()
    monkeypatch.setattr(resolve, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: silence.wait(5) and [])
    with pytest.raises(Unreachable, match=r"no answer within 0\.05 s"):
        addresses_of("alb.example.com")
    silence.set()


def test_an_empty_name_is_bad_input() -> None:
    with pytest.raises(BadInput):
        addresses_of("")


def test_host_and_port_are_told_apart() -> None:
    assert host_and_port("10.0.0.1:80") == ("10.0.0.1", 80)
    assert host_and_port("[2001:db8::1]:443") == ("2001:db8::1", 443)


@pytest.mark.parametrize("text", ["", "host", ":80", "host:", "host:0", "host:65536", "::1:80",
                                  "host:٣", "host:-1"])  # fmt: skip
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        host_and_port(text)


HOSTS = """\
# a comment, and a line that names nobody
10.0.0.9
10.0.0.1 alb.example.com other  # zone b
10.0.0.2\tALB.example.com
10.0.0.1 alb.example.com
"""


def test_a_hosts_file_is_asked_first_and_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, "10.6.6.6")
    hosts = tmp_path / "hosts"
    hosts.write_text(HOSTS)
    assert addresses_of("alb.example.com", hosts) == ("10.0.0.1", "10.0.0.2")
    assert addresses_of("another.example.com", hosts) == ("10.6.6.6",)
    hosts.write_text("127.0.0.2 alb-1.localhost\n")
    assert addresses_of("alb-1.localhost", hosts) == ("127.0.0.2",)
    assert addresses_of("alb-2.localhost", hosts) == ("127.0.0.1",)


def test_F48_a_hosts_file_cannot_name_what_no_gateway_has(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("169.254.169.254 alb.example.com\n")
    with pytest.raises(Refused, match="nothing was sent"):
        addresses_of("alb.example.com", hosts)


def test_a_hosts_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    for text, reason in ((None, "cannot be read"), (b"\xff\xfe", "not text"), (b"x n", "no IP")):
        if text is not None:
            hosts.write_bytes(text)
        with pytest.raises(BadInput, match=reason):
            addresses_of("n", hosts)
