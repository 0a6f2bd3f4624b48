"""Answers seen before are not parsed again, and that never changes what they mean."""

from __future__ import annotations

import socket
import threading
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alb_dr.model.load import ClosedLoad
from alb_dr.model.sample import Outcome
from alb_dr.probe.memory import LONGEST, MOST, AnswerMemory, Parsed
from tests.fakes.probing import a_target, probe
from tests.fakes.raw_server import Script, answering, http, read_request, serving

PARSED = Parsed(200, b"", b"", False, True)
ANSWERS = (
    http("poc-ack-1"),
    http("poc-ack-2", headers="Age: 7\r\n"),
    http("nobody", status=404),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\npoc-ack-2\r\n0\r\n\r\n",
    http("x" * 5000 + " poc-ack-1"),
)


def in_pieces(answer: bytes, cuts: list[int]) -> Script:
    """A script that sends an answer cut at the given places, each piece in a packet of its own."""
    edges = sorted({0, len(answer), *(cut % len(answer) for cut in cuts)})

    def script(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while read_request(connection):
            for start, end in pairwise(edges):
                connection.sendall(answer[start:end])
                threading.Event().wait(0.002)

    return script


def meaning(script: Script, requests: int = 3) -> list[tuple[Outcome, int, int]]:
    """Outcome, status and member of each request on one kept connection."""
    with serving(script) as server:
        load = ClosedLoad(requests=requests, concurrency=1)
        samples, health = probe(a_target(server.port, reuse=True), load)
    assert health.connections == 1
    return [(s.outcome, s.status, s.member) for s in samples]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(answer=st.sampled_from(ANSWERS), cuts=st.lists(st.integers(0, 5000), max_size=3))
def test_an_answer_means_the_same_in_pieces_and_whole(answer: bytes, cuts: list[int]) -> None:
    assert meaning(in_pieces(answer, cuts)) == meaning(answering(answer))


def test_different_answers_on_one_connection_are_told_apart_again_and_again() -> None:
    whole = meaning(answering(*ANSWERS), requests=20)
    assert whole == whole[:5] * 4
    assert len(set(whole)) > 3


def test_the_memory_forgets_before_it_grows() -> None:
    memory = AnswerMemory()
    for n in range(MOST + 1):
        memory.keep(b"%d" % n, PARSED)
    assert memory.recall(b"0") is None
    assert memory.recall(b"%d" % MOST) is PARSED


def test_a_long_answer_is_not_remembered() -> None:
    memory = AnswerMemory()
    memory.keep(b"x" * (LONGEST + 1), PARSED)
    assert memory.recall(b"x" * (LONGEST + 1)) is None
