"""A pod is a real process: it answers, it obeys, and it never outlives its world."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alb_dr.sandbox import pod as module

ADDRESS, PORT = "127.87.65.43", 18080


@pytest.fixture
def pod() -> Iterator[subprocess.Popen[bytes]]:
    """A pod that listens."""
    words = [sys.executable, "-I", "-S", str(Path(module.__file__)), ADDRESS, str(PORT)]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"ENV_NAME": "poc-ack-1", "POD_NAME": "web-1"},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def get(count: int = 1, path: str = "/svc1", method: str = "GET") -> list[tuple[int, str]]:
    """Answers of several requests on one connection."""
    connection = http.client.HTTPConnection(ADDRESS, PORT, timeout=5)
    found = []
    for _ in range(count):
        connection.request(method, path)
        answer = connection.getresponse()
        found.append((answer.status, answer.read().decode()))
    connection.close()
    return found


def tell(process: subprocess.Popen[bytes], line: str) -> None:
    """Send a command and wait until it is obeyed."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()


def test_an_answer_names_the_cluster_and_the_pod(pod: subprocess.Popen[bytes]) -> None:
    assert get(3) == [(200, "Hello from poc-ack-1\npod: web-1\n")] * 3


def test_a_head_request_has_no_body(pod: subprocess.Popen[bytes]) -> None:
    assert get(2, method="HEAD") == [(200, ""), (200, "")]


def test_errors_come_in_the_ordered_share_but_health_stays(pod: subprocess.Popen[bytes]) -> None:
    tell(pod, "errors 100")
    end = time.monotonic() + 5
    while get()[0][0] != 500:
        assert time.monotonic() < end
    assert get(1, path="/healthz")[0][0] == 200
    tell(pod, "errors 0")
    while get()[0][0] != 200:
        assert time.monotonic() < end


@pytest.mark.parametrize("percent", [1, 10, 33, 50, 99])
def test_errors_are_spread_evenly_over_any_run_of_requests(
    pod: subprocess.Popen[bytes], percent: int
) -> None:
    tell(pod, f"errors {percent}")
    assert wait_for_error()
    codes = []
    for _ in range(20):
        codes += [status for status, _ in get(10)]
        get(1, path="/healthz")
    failed = [code == 500 for code in codes]
    for length in (10, 50, 100):
        for begin in range(len(failed) - length + 1):
            of_run = sum(failed[begin : begin + length])
            assert abs(of_run - length * percent / 100) < 1


def wait_for_error() -> bool:
    """Whether the pod obeys an order of errors, even one of 1 %, in its first 200 answers."""
    return any(status == 500 for status, _ in get(200))


def test_a_delay_holds_every_answer_back(pod: subprocess.Popen[bytes]) -> None:
    tell(pod, "delay 150")
    end = time.monotonic() + 5
    took = 0.0
    while took < 0.15:
        assert time.monotonic() < end
        began = time.monotonic()
        assert get()[0][0] == 200
        took = time.monotonic() - began


def test_it_ends_when_its_world_closes_the_pipe(pod: subprocess.Popen[bytes]) -> None:
    assert pod.stdin is not None
    pod.stdin.close()
    assert pod.wait(timeout=5) == 0


def test_it_ends_politely_when_asked(pod: subprocess.Popen[bytes]) -> None:
    pod.terminate()
    assert pod.wait(timeout=5) == 0
