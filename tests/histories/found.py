"""Scenarios that once violated an invariant, shrunk; they are played for ever."""

from __future__ import annotations

from tests.histories.scenario import Act, Scenario

FOUND: dict[str, Scenario] = {
    "F6 a disk full while the drill runs, after its harm": Scenario(
        seed=84,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c2"),
            Act(kind="full", at=4.0, who="ann"),
        ),
    ),
    "F6 a disk full before the drill": Scenario(
        seed=103,
        acts=(
            Act(kind="full", who="ann"),
            Act(kind="run", at=0.1, who="ann", what="drill", member="c2"),
        ),
    ),
    "I7 a signal while the journal is written": Scenario(
        seed=1243,
        acts=(
            Act(kind="run", who="bob", what="drill", member="c1"),
            Act(kind="signal", who="bob", what="before", number=20),
        ),
    ),
    "I8 the survivors' API refuses while the fault is in force": Scenario(
        seed=26,
        acts=(
            Act(kind="run", at=6.26, who="bob", what="drill", member="c2"),
            Act(kind="trouble", at=16.0, who="poc-ack-2", what="forbidden", seconds=15.0),
        ),
        guarded=False,
    ),
    "I8 answers of the Fleet are lost on the ramp": Scenario(
        seed=623,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="trouble", at=42.86, who="Fleet", what="lost", member="ann", seconds=240.0),
        ),
    ),
    "I8 the Fleet is flaky on the ramp": Scenario(
        seed=1198,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="trouble", at=26.73, who="Fleet", what="flaky", seconds=60.0),
        ),
    ),
    "I8 every write meets a conflict on the ramp": Scenario(
        seed=1847,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="trouble", at=32.76, who="Fleet", what="conflict", seconds=60.0),
        ),
    ),
    "I8 somebody sets the weights on the ramp": Scenario(
        seed=1951,
        acts=(
            Act(kind="run", who="bob", what="drill", member="c2"),
            Act(kind="stop", at=44.44, who="bob", seconds=40.0),
            Act(kind="person", at=62.21, what="weights", member="c1"),
        ),
        guarded=False,
    ),
    "I8 somebody puts the weights back while the ramp gives up": Scenario(
        seed=209272,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="run", who="eve", what="recover", member="c1"),
            Act(kind="run", at=9.484696391874413, who="eve", what="dry-run", member="c1", nth=1),
            Act(kind="run", at=91.1332407760367, who="bob", what="recover", member="c2", nth=1),
            Act(kind="run", at=111.1332407760367, who="bob", what="dry-run", member="c1", nth=2),
        ),
    ),
    "I1 a clock is turned by ten years before the harm, and guards alone put it back": Scenario(
        seed=214894,
        acts=(
            Act(kind="run", who="bob", what="drill", member="c2"),
            Act(kind="kill", who="bob", what="after", number=75),
            Act(kind="clock", at=5.419306120831187, who="bob", seconds=315360000.0),
        ),
        ending="guard",
    ),
    "I8 another recovers a drill on its ramp, and drills": Scenario(
        seed=343,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="run", at=20.0, who="ann", what="status", member="c1", nth=1),
            Act(kind="run", at=21.0, who="ann", what="recover", member="c1", nth=2),
            Act(kind="run", at=41.86210477553994, who="bob", what="drill", member="c2"),
        ),
    ),
    "I1 another recovers a drill that then holds the weights for its ramp": Scenario(
        seed=187,
        acts=(
            Act(kind="run", at=74.14247513017716, who="bob", what="drill", member="c1"),
            Act(kind="run", at=94.14247513017716, who="bob", what="recover", member="c2", nth=1),
            Act(kind="run", at=114.14247513017716, who="bob", what="unlock", member="c1", nth=2),
            Act(kind="run", at=123.34337809164204, who="ann", what="drill", member="c1"),
        ),
    ),
    "I1 another recovers a drill, and the gateway does not follow its ramp": Scenario(
        seed=295,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c2"),
            Act(kind="run", who="bob", what="drill", member="c1"),
            Act(kind="run", at=1.0, who="bob", what="status", member="c2", nth=1),
            Act(kind="run", at=20.0, who="ann", what="recover", member="c1", nth=1),
            Act(kind="run", at=52.64518875603748, who="bob", what="drill", member="c1", nth=2),
            Act(kind="person", at=79.69442562599774, what="delete", member="c1"),
        ),
        guarded=False,
    ),
    "I1 a drill does its harm and dies while another watches its lock": Scenario(
        seed=405706,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="kill", who="ann", what="after", number=76),
            Act(kind="run", at=7.583041737220681, who="ann", what="recover", member="c2", nth=1),
            Act(kind="run", at=7.68304173722068, who="ann", what="dry-run", member="c2", nth=2),
            Act(kind="person", at=27.51013886246069, what="delete", member="c1"),
            Act(kind="stop", at=36.46982797611154, who="bob", seconds=25.0),
            Act(kind="person", at=78.53238422582226, what="to-zero", member="c2"),
        ),
    ),
    "I1 somebody takes a mark's label away, and scales up": Scenario(
        seed=406165,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="kill", who="ann", what="before", number=68),
            Act(kind="person", at=25.409535533663288, what="unlabel", member="c1"),
            Act(kind="person", at=47.54584780746204, what="scale-up", member="c1"),
        ),
    ),
    "I1 somebody brings a closed drill's mark back, and takes its label away": Scenario(
        seed=55502,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="person", at=31.237978510023694, what="revive", member="c1"),
            Act(kind="person", at=77.6826133338794, what="unlabel", member="c1"),
        ),
        ending="guard",
    ),
    "I8 another drill holds the weights while a ramp looks whose they are": Scenario(
        seed=97623,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c1"),
            Act(kind="signal", who="bob", what="before", number=10),
            Act(kind="run", at=44.335036547737886, who="ann", what="recover", member="c2", nth=1),
            Act(kind="run", at=45.335036547737886, who="ann", what="drill", member="c1", nth=2),
        ),
    ),
    "I4 somebody brings back the mark of a drill that lives, after another restored it": Scenario(
        seed=14906,
        acts=(
            Act(kind="run", who="ann", what="drill", member="c2"),
            Act(kind="run", at=2.0, who="eve", what="dry-run", member="c2", nth=2),
            Act(kind="run", at=23.050203257803528, who="bob", what="recover", member="c1", nth=1),
            Act(kind="person", at=24.358918368992832, what="revive", member="c2"),
        ),
        guarded=False,
    ),
}
