"""The cloud's word on the Fleet and its members."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.errors import AlbDrError
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.cloud import AssociatedCluster, FleetDetails
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.scene import Question, Scene

NOT_OPEN = "ADR-CLOUD-NOT-OPEN"
RUNNING, ASSOCIATED = "running", "Successed"
"""What a Fleet, a cluster and an association say when they work; the last is spelt like that."""


def _access(scene: Scene) -> Iterator[Trouble]:
    try:
        scene.cloud.let_in()
    except AlbDrError as error:
        if error.code != NOT_OPEN:
            yield Trouble(seen=error.message, fix=error.hint, cause=error.exit_code)


def _activated(scene: Scene) -> Iterator[Trouble]:
    scene.cloud.ask("activated", lambda _cloud: None)
    try:
        zones = scene.cloud.alb_zones()
    except AlbDrError as error:
        if error.code != NOT_OPEN:
            raise
        yield Trouble(seen=error.message, fix=error.hint)
        return
    if len(zones) < 2:
        yield Trouble(
            seen=f"ALB has {len(zones)} zones in {scene.topology.region}",
            fix="correct region: in the project file",
        )


def found_fleet(scene: Scene) -> FleetDetails:
    """The project's Fleet; NotAskedError when the cloud knows none."""
    fleet = scene.cloud.fleet_of(scene.topology)
    if fleet is None:
        raise NotAskedError("no Fleet of this account has the members")
    return fleet


def _fleet(scene: Scene) -> Iterator[Trouble]:
    fleet = scene.cloud.fleet_of(scene.topology)
    if fleet is None:
        names = ", ".join(member.name for member in scene.topology.members)
        yield Trouble(seen=f"no Fleet of this account has {names}")
        return
    if fleet.state != RUNNING:
        yield Trouble(
            seen=f"Fleet {fleet.id} is {fleet.state}", fix="wait, or look at it in the console"
        )
    if fleet.region != scene.topology.region:
        yield Trouble(
            seen=f"Fleet {fleet.id} is in {fleet.region}, the project file says "
            f"{scene.topology.region}",
            fix="correct region: in the project file",
        )


def _gitops(scene: Scene) -> Iterator[Trouble]:
    fleet = found_fleet(scene)
    if fleet.gitops is None:
        raise NotAskedError("the cloud does not say whether GitOps is on")
    if not fleet.gitops:
        yield Trouble(seen=f"GitOps is off on Fleet {fleet.id}")


def _members(scene: Scene) -> Iterator[Trouble]:
    fleet = found_fleet(scene)
    known = {cluster.id: cluster for cluster in scene.cloud.associated(fleet.id)}
    for member in scene.topology.members:
        found = known.get(member.id)
        if found is None:
            yield Trouble(seen=f"{member.name} ({member.id}) is not associated with {fleet.id}")
        elif found.association != ASSOCIATED or found.state != RUNNING:
            yield Trouble(seen=f"{member.name} is {_state(found)}")


def _state(cluster: AssociatedCluster) -> str:
    words = f"{cluster.state}, its association {cluster.association}"
    return f"{words}: {cluster.message}" if cluster.message else words


def _vpc(scene: Scene) -> Iterator[Trouble]:
    fleet = found_fleet(scene)
    for member in scene.topology.members:
        vpc = scene.cloud.cluster(member.id).vpc_id
        if vpc != fleet.vpc_id:
            yield Trouble(seen=f"{member.name} is in {vpc}, Fleet {fleet.id} is in {fleet.vpc_id}")


def _zones(scene: Scene) -> Iterator[Trouble]:
    zones: dict[str, set[str]] = {}
    for member in scene.topology.members:
        switches = [scene.cloud.vswitch(v) for v in scene.cloud.cluster(member.id).vswitch_ids]
        zones[member.name] = {v.zone_id for v in switches if v is not None}
    if not all(zones.values()):
        raise NotAskedError("not every member's vSwitches are known")
    for zone in sorted(set().union(*zones.values())):
        if all(found == {zone} for found in zones.values()):
            yield Trouble(seen=f"every vSwitch of every member is in {zone}: they fail together")


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-CLOUD-ACCESS",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the cloud answers and knows us",
            fix="mend the credentials; without any, the cloud's checks are left out",
            why="There are cloud credentials on this machine, so they are used. A wrong key, a "
            "missing right, a wrong clock, an unknown region and a cut network are each said in "
            "one line; a missing right names its RAM action.",
            pre=True,
        ),
        ask=_access,
    ),
    Question(
        check=Check(
            code="ADR-ALB-ACTIVATED",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="ALB is activated and has two zones in the region",
            fix="activate ALB in the console",
            why="ALB must be activated once for an account, and a gateway needs two of its zones. "
            "That its API answers is the sign of activation there is.",
            pre=True,
        ),
        ask=_activated,
    ),
    Question(
        check=Check(
            code="ADR-CLOUD-FLEET",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the Fleet is running, in the project's region",
            fix="associate the clusters with a Fleet, or use that account's credentials",
            why="The Fleet is found by its members. One that is not running serves its API "
            "for a while and then does not; a wrong region makes every other answer empty.",
            pre=True,
            retry_s=300,
        ),
        ask=_fleet,
    ),
    Question(
        check=Check(
            code="ADR-CLOUD-GITOPS",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="GitOps is on for the Fleet",
            fix="enable GitOps on the Fleet",
            why="GitOps brings Argo CD to the Fleet, which delivers the application.",
            pre=True,
            retry_s=300,
        ),
        ask=_gitops,
    ),
    Question(
        check=Check(
            code="ADR-CLOUD-MEMBERS",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="every member runs and is associated",
            fix="wait, or look at the association in the console",
            why="The state of the association is the cloud's; Successed (spelt like that) is good.",
            pre=True,
            retry_s=300,
        ),
        ask=_members,
    ),
    Question(
        check=Check(
            code="ADR-CLOUD-VPC",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="Fleet and members are in one VPC",
            fix="use clusters of the Fleet's VPC; other VPCs are the geo-disaster recovery's case",
            why="The gateway's ALB is in the Fleet's VPC and sends requests to pods by their "
            "addresses, which only that VPC reaches.",
            pre=True,
        ),
        ask=_vpc,
    ),
    Question(
        check=Check(
            code="ADR-CLOUD-ZONES",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="no single zone holds every member's vSwitches",
            fix="use clusters in different zones",
            why="Clusters whose vSwitches are all in one zone fail together.",
            pre=True,
        ),
        ask=_zones,
    ),
)
"""What the cloud says of the clusters."""
