"""The prober against real sockets on loopback, from honest to hostile."""

from __future__ import annotations

import itertools
import socket
import threading
from collections import Counter

import pytest

from alb_dr.errors import BadInput
from alb_dr.model.load import ClosedLoad, OpenLoad
from alb_dr.model.sample import AMBIGUOUS, NO_ANSWER, UNATTRIBUTED, Outcome
from alb_dr.probe.stream import HttpProber
from tests.fakes.probing import a_target, probe, until_finished
from tests.fakes.raw_server import RawServer, Script, answering, http, read_request, serving

ONE, TWO = http("Hello from poc-ack-1"), http("Hello from poc-ack-2")


def outcomes(script: Script, *, timeout_s: float = 0.4, requests: int = 2) -> Counter[Outcome]:
    """What the prober makes of a server's manners."""
    with serving(script) as server:
        target = a_target(server.port, timeout_s=timeout_s)
        samples, _ = probe(target, ClosedLoad(requests=requests, concurrency=2))
    assert len(samples) == requests
    return Counter(sample.outcome for sample in samples)


def test_every_request_of_a_closed_loop_becomes_one_sample() -> None:
    with serving(answering(ONE)) as server:
        samples, health = probe(a_target(server.port), ClosedLoad(requests=50, concurrency=7))
    assert len(samples) == health.sent == 50
    assert health.connections == server.accepted == 50
    assert health.invalid is None
    assert {s.outcome for s in samples} == {Outcome.OK}
    assert {s.member for s in samples} == {0}
    assert not any(s.reused for s in samples)
    assert all(s.due_s <= s.sent_s <= s.first_byte_s <= s.finished_s for s in samples)


def test_reuse_keeps_as_many_connections_as_there_is_concurrency() -> None:
    with serving(answering(ONE, TWO)) as server:
        target = a_target(server.port, reuse=True)
        samples, health = probe(target, ClosedLoad(requests=40, concurrency=4))
    assert health.connections == server.accepted == 4
    assert sum(s.reused for s in samples) == 36
    assert {s.member for s in samples} == {0, 1}


def test_an_open_loop_sends_on_schedule_and_exactly_as_many_as_asked() -> None:
    with serving(answering(ONE)) as server:
        samples, health = probe(a_target(server.port), OpenLoad(rate=200, duration_s=0.5))
    assert len(samples) == 100
    assert sorted(s.due_s for s in samples) == pytest.approx([n / 200 for n in range(100)])
    assert health.late_p50_s < 0.01


def test_an_endless_open_loop_ends_when_it_is_stopped() -> None:
    with serving(answering(ONE)) as server:
        stream = HttpProber().start(a_target(server.port), OpenLoad(rate=100))
        first = stream.take(wait_s=5.0)
        assert len(first) > 0
        assert not stream.finished
        health = stream.stop()
        rest = until_finished(stream)
    assert len(first) + len(rest) == health.sent
    assert stream.stop() == health


def test_latency_counts_from_the_instant_a_request_was_due() -> None:
    gate = threading.Event()
    turns = itertools.count()

    def stall(connection: socket.socket) -> None:
        while read_request(connection):
            if next(turns) == 0:
                gate.wait(5)
            connection.sendall(ONE)

    with serving(stall) as server:
        stream = HttpProber().start(a_target(server.port), OpenLoad(rate=50, duration_s=0.6))
        threading.Timer(0.5, gate.set).start()
        samples = until_finished(stream)
        stream.stop()
    assert max(s.latency_s for s in samples) > 0.35


def test_every_address_is_probed_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    both = lambda _name, _file: ("127.0.0.1", "127.0.0.2")  # noqa: E731
    monkeypatch.setattr("alb_dr.probe.plan.addresses_of", both)
    with serving(answering(ONE), host="0.0.0.0") as server:
        for reuse in (False, True):
            samples, _ = probe(a_target(server.port, reuse=reuse))
            assert Counter(s.address for s in samples) == {0: 4, 1: 4}


def test_kept_and_fresh_connections_take_turns_at_every_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = lambda _name, _file: ("127.0.0.1", "127.0.0.2")  # noqa: E731
    monkeypatch.setattr("alb_dr.probe.plan.addresses_of", both)
    with serving(answering(ONE), host="0.0.0.0") as server:
        target = a_target(server.port, reuse=True, by_turns=True)
        samples, health = probe(target, OpenLoad(rate=50, duration_s=0.8))
    kinds = Counter((s.address, s.reused) for s in samples)
    assert {s.outcome for s in samples} == {Outcome.OK}
    assert kinds[0, False] + kinds[0, True] == kinds[1, False] + kinds[1, True] == 20
    assert all(kinds[address, True] in {8, 9} for address in (0, 1)), "every other turn is kept"
    assert health.connections == len(samples) - kinds[0, True] - kinds[1, True]


def test_ipv6_is_spoken() -> None:
    try:
        server = RawServer(answering(ONE), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    try:
        samples, _ = probe(a_target(server.port, host="[::1]"))
    finally:
        server.close()
    assert {s.outcome for s in samples} == {Outcome.OK}


def test_a_localhost_name_needs_no_resolver() -> None:
    with serving(answering(ONE)) as server:
        target = a_target(server.port, host="alb-abc.cn-hongkong.alb.localhost")
        samples, _ = probe(target)
    assert {s.outcome for s in samples} == {Outcome.OK}


def test_connect_to_goes_elsewhere_and_leaves_the_host_alone() -> None:
    seen: list[bytes] = []
    with serving(answering(ONE, seen=seen)) as server:
        target = a_target(
            1, host="name.that.does.not.resolve.invalid", connect_to=f"127.0.0.1:{server.port}"
        )
        probe(target)
    assert b"\r\nHost: alb.ingress.alibaba.com\r\n" in seen[0]
    assert b"\r\nUser-Agent: alb-dr/" in seen[0]


def test_members_are_told_apart_and_strangers_are_counted() -> None:
    answers = [
        http("I am poc-ack-2."),
        http("poc-ack-10 says hello"),
        http("poc-ack-1 and poc-ack-2"),
        http("nobody"),
    ]
    with serving(answering(*answers)) as server:
        target = a_target(server.port, reuse=True)
        samples, _ = probe(target, ClosedLoad(requests=4, concurrency=1))
    assert list(samples.member) == [1, UNATTRIBUTED, AMBIGUOUS, UNATTRIBUTED]


def test_F78_an_answer_from_a_cache_proves_nothing() -> None:
    answers = [
        http("poc-ack-1", headers="Age: 3\r\n"),
        http("poc-ack-1", headers="X-Cache: HIT from edge\r\n"),
        http("poc-ack-1", headers="Age: 0\r\nX-Cache: MISS\r\n"),
    ]
    with serving(answering(*answers)) as server:
        target = a_target(server.port, reuse=True)
        samples, _ = probe(target, ClosedLoad(requests=3, concurrency=1))
    assert list(samples.member) == [UNATTRIBUTED, UNATTRIBUTED, 0]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Outcome.OK),
        (301, Outcome.REDIRECT),
        (404, Outcome.CLIENT_ERROR),
        (503, Outcome.SERVER_ERROR),
        (666, Outcome.PROTOCOL),
    ],
)
def test_statuses_have_their_classes(status: int, outcome: Outcome) -> None:
    assert outcomes(answering(http("", status=status))) == {outcome: 2}


def test_F76_a_redirect_to_the_metadata_service_is_not_followed() -> None:
    answer = http("", status=302, headers="Location: http://169.254.169.254/latest\r\n")
    assert outcomes(answering(answer)) == {Outcome.REDIRECT: 2}


def test_a_refused_connection_is_refused() -> None:
    with serving(answering(ONE)) as server:
        port = server.port
    samples, health = probe(a_target(port))
    assert {(s.outcome, s.member) for s in samples} == {(Outcome.REFUSED, NO_ANSWER)}
    assert health.connections == 0


def test_silence_is_a_timeout_and_takes_no_longer_than_that() -> None:
    silence = threading.Event()
    with serving(lambda c: (read_request(c), silence.wait(5))[0] and None) as server:
        samples, _ = probe(a_target(server.port, timeout_s=0.3))
        silence.set()
    assert {s.outcome for s in samples} == {Outcome.TIMEOUT}
    assert all(0.3 <= s.finished_s - s.sent_s < 0.8 for s in samples)


def test_F75_an_endless_body_is_cut_at_the_cap_and_judged_by_what_came() -> None:
    def endless(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
        while True:
            connection.sendall(chunk)

    with serving(endless) as server:
        samples, _ = probe(a_target(server.port))
    assert {(s.outcome, s.member) for s in samples} == {(Outcome.OK, UNATTRIBUTED)}
    assert max(s.latency_s for s in samples) < 1.5


def drip(connection: socket.socket) -> None:
    """One byte of a legal answer every 20 ms."""
    read_request(connection)
    for byte in itertools.chain(b"HTTP/1.1 200 OK\r\n", itertools.repeat(ord("a"))):
        connection.sendall(bytes([byte]))
        if threading.Event().wait(0.02):
            return


def forever(head: bytes, piece: bytes) -> Script:
    """A script that sends a head, then the same piece until the client has enough."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return script


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (drip, Outcome.TIMEOUT),
        (forever(b"HTTP/1.1 200 OK\r\n", b"X-Big: " + b"y" * 4000 + b"\r\n"), Outcome.PROTOCOL),
        (forever(b"HTTP/1.1 200 OK\r\nX-Big: ", b"y" * 4000), Outcome.PROTOCOL),
        (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), Outcome.PROTOCOL),
        (answering(b"HTTP/1.1 2x0 OK\r\n\r\n"), Outcome.PROTOCOL),
        (answering(b"<html>hello, I am HTTP/0.9</html>"), Outcome.PROTOCOL),
        (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), Outcome.PROTOCOL),
        (answering(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Outcome.PROTOCOL),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), Outcome.RESET),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), Outcome.PROTOCOL),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
         Outcome.PROTOCOL),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
         Outcome.PROTOCOL),
        (answering(b""), Outcome.RESET),
        (lambda _connection: None, Outcome.RESET),
    ],
    ids=[
        "one byte at a time", "endless headers", "one endless header", "endless interim answers",
        "bad status line", "HTTP/0.9", "not HTTP", "unwanted upgrade", "cut body",
        "negative length", "two lengths", "bad chunk", "closed without an answer",
        "closed at once",
    ],
)  # fmt: skip
def test_F77_hostile_servers_are_classified(script: Script, outcome: Outcome) -> None:
    assert outcomes(script) == {outcome: 2}


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    answer = b"HTTP/1.0 200 OK\r\n\r\npoc-ack-2"
    with serving(answering(answer)) as server:
        samples, _ = probe(a_target(server.port))
    assert {(s.outcome, s.member) for s in samples} == {(Outcome.OK, 1)}


def test_an_interim_answer_is_not_the_answer() -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + TWO
    with serving(answering(answer)) as server:
        samples, _ = probe(a_target(server.port, reuse=True))
    assert {(s.outcome, s.status, s.member) for s in samples} == {(Outcome.OK, 200, 1)}


def test_F77_a_second_answer_is_never_credited_to_the_next_request() -> None:
    with serving(answering(ONE + TWO)) as server:
        target = a_target(server.port, reuse=True)
        samples, health = probe(target, ClosedLoad(requests=6, concurrency=1))
    assert {s.member for s in samples} == {0}
    assert health.connections == 6


def test_F80_a_prober_without_descriptors_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alb_dr.probe.stream.most_connections", lambda: 3)
    silence = threading.Event()
    with serving(lambda c: (silence.wait(2), None)[1]) as server:
        load = OpenLoad(rate=100, duration_s=0.2)
        samples, health = probe(a_target(server.port, timeout_s=0.5), load)
        silence.set()
    assert Counter(s.outcome for s in samples)[Outcome.LOCAL] == health.local_failures == 17
    assert health.invalid is not None
    assert "17 of 20" in health.invalid


def test_a_bug_in_the_prober_makes_the_run_invalid_and_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bug(*_: object) -> int:
        raise KeyError("a bug")

    with serving(answering(ONE)) as server:
        monkeypatch.setattr("alb_dr.probe.plan.attributor", lambda *_: bug)
        _, health = probe(a_target(server.port, timeout_s=0.3))
    assert health.invalid is not None
    assert "KeyError" in health.invalid


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "b\r\nX-Evil: 1"}, {"X A": "b"}, {"": "b"}, {"Host": "other"},
        {"Connection": "upgrade"}, {"X-A": "b\x00"}, {"X-A": "\u2028"},
    ],
)  # fmt: skip
def test_a_header_that_would_break_the_request_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        HttpProber().start(a_target(9, headers=headers), ClosedLoad(requests=1))
