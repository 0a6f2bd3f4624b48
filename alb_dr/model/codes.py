"""Codes of errors and findings with a paragraph each, for ``alb-dr explain``.

Codes of checks are explained by the checks themselves (``workflows/preflight``).
"""

from __future__ import annotations

from collections.abc import Mapping

PARAGRAPHS: Mapping[str, str] = {
    "ADR-BUG": "Something happened that alb-dr's authors did not think of. Run the command again "
    "with --debug and report what it prints. A drill that was under way is put back; "
    "`alb-dr failover recover` says whether anything is left.",
    "ADR-INPUT": "A flag, a file or a value cannot be used. Nothing was contacted or changed.",
    "ADR-PROJECT-FILE": "The project file has mistakes. All of them are listed, each with file, "
    "line and key. `alb-dr schema` prints the format for editors.",
    "ADR-CREDENTIALS": "A kubeconfig, token, certificate or access key is missing, unreadable, "
    "wrong or expired. Fetch it again; nothing was changed.",
    "ADR-ANONYMOUS": "The kubeconfig's credential program gave no credentials. Going on would "
    "mean to go on anonymously, so alb-dr stops. Run the program by hand.",
    "ADR-PLUGIN": "The kubeconfig names a program that is not on the list of known credential "
    "programs. A kubeconfig from elsewhere could run anything, so it must be allowed by name.",
    "ADR-NO-CLOUD": "This machine has no cloud credentials, or the SDKs (extra `cloud`) are not "
    "installed. Everything but the cloud part of `check` and `init --discover` works without.",
    "ADR-CLOUD-CREDENTIALS": "The cloud does not accept the access key: it is unknown, inactive, "
    "does not fit its secret, or its temporary token has ended. `aliyun sts GetCallerIdentity` "
    "tries the same chain.",
    "ADR-CLOUD-CLOCK": "A signature carries an instant, and this machine's clock differs from the "
    "cloud's by more than 15 minutes.",
    "ADR-CLOUD-NOT-OPEN": "The product has not been activated for this account.",
    "ADR-FORBIDDEN": "The API knows who we are and does not let us. `alb-dr check "
    "--print-permissions` prints the rights each command needs.",
    "ADR-CONFLICT": "Somebody else changed or holds the object. Look again and repeat.",
    "ADR-CHANGED": "The object changed between our look and our write, so the guarded write was "
    "refused as a whole and nothing was written. Repeat the command.",
    "ADR-OWNED": "Another manager owns a field that alb-dr wants to set. Leave the field to them, "
    "or take it over with --force-conflicts after looking at the difference.",
    "ADR-FOREIGN": "The object was made by somebody else. alb-dr takes nothing over in silence: "
    "look at it with --dry-run --adopt, then use --adopt.",
    "ADR-STALE-WEIGHT": "The live Ingress carries the weight of a cluster that is no member of "
    "the project file, so the sum would not be 100. Remove that annotation, or add the member.",
    "ADR-REFUSED": "A guard rail refused because going on would be dangerous. Its hint says what "
    "to change; some refusals have no override.",
    "ADR-DECLINED": "The question was not answered with yes. Nothing was changed.",
    "ADR-NEEDS-REPLACEMENT": "A field differs that the controller reads only when it creates the "
    "ALB. Changing it later does nothing, in silence, so it is refused: put the live value into "
    "the project file, or delete the gateway and create it anew (its address changes).",
    "ADR-TAKES-WORKLOADS": "The PropagationPolicy does not preserve what it placed. Deleting the "
    "Deployment and Service on the Fleet would delete them in every member.",
    "ADR-IN-USE": "Ingresses still use the gateway's class. Deleting the gateway would end their "
    "traffic; delete them first.",
    "ADR-AT-ZERO": "The workload is at 0 replicas already, so there is nothing to rehearse.",
    "ADR-DRILL-OPEN": "A drill has not been put back. While it lives (`alb-dr failover status` "
    "shows its last sign of life) wait for it. Finish one that was left: `alb-dr failover recover "
    "--execute`. It needs only the member's API.",
    "ADR-SURVIVOR-YOUNG": "A member that would have to take over became available, or restarted a "
    "container, only minutes ago. Wait until it has proven itself; "
    "`--override ADR-SURVIVOR-YOUNG` goes on all the same.",
    "ADR-KILL-SWITCH": "The ConfigMap `alb-dr-control` in the Ingress' namespace forbids drills: "
    "its data `drills` is not `allowed`. Whoever may allow them changes it there; no option of a "
    "drill does. With `--strict` a ConfigMap that is missing forbids them, too.",
    "ADR-DRILL-WINDOW": "The ConfigMap `alb-dr-control` bounds the hours in which a drill may "
    "begin (`window`, like `Mon-Fri 09:00-16:30`, and `timezone`), and this is none of them. "
    "Wait, or `--override ADR-DRILL-WINDOW`.",
    "ADR-NOT-CONNECTED": "The AlbConfig does not list every member as connected, so the gateway "
    "may not know the survivors. `alb-dr gateway status` says what it waits for; "
    "`--override ADR-NOT-CONNECTED` goes on all the same.",
    "ADR-DRILL-EXPIRES": "A credential ends while a drill might still need it for the restore. "
    "Fetch the kubeconfig again; `--override ADR-DRILL-EXPIRES` goes on, and the drill ends early "
    "when the end comes near.",
    "ADR-TRAFFIC-AWAY": "`failover switchover` or `failover start` moved traffic away from a "
    "member and it is not back. Whoever moved it had a reason, and a drill would harm one that "
    "carries more than usual, or rely on one that was left. `alb-dr failover back` ends it; "
    "`--override ADR-TRAFFIC-AWAY` drills all the same, for example in primary-secondary mode "
    "after the roles were switched.",
    "ADR-RUN-DIR-FULL": "A drill writes down every request and every step before it takes it. With "
    "less than 16 MiB free on the disk of its run directory that may stop half-way, so nothing "
    "was harmed. Make room, or give `--run-dir` a directory elsewhere.",
    "ADR-NO-SANDBOX": "Faults named `sandbox:…` are done to the processes of a sandbox. On a real "
    "Fleet there is nothing alb-dr could do them with.",
    "ADR-LIVE-WEIGHTS": "The live weights are no split: they are no numbers, or do not sum to 100. "
    "A drill would measure nonsense and could not say what to put back.",
    "ADR-SURVIVOR": "A member that would have to take over is not ready itself. This refusal "
    "cannot be overridden.",
    "ADR-NOT-HEALTHY": "A switchover is planned, so every member that carries traffic, before or "
    "after it, must be whole: all pods ready, at least one ready endpoint. When a member is lost, "
    "`alb-dr failover start --away-from MEMBER --reason TEXT` moves its traffic away at once.",
    "ADR-UNSEEN": "`failover watch` cannot tell from what the gateway answers whether this member "
    "is silent: it carries no traffic, or less than a tenth. `alb-dr ingress pin` leads a header "
    "to it, and `failover watch --pin` probes it through that.",
    "ADR-FLIPS-FORBIDDEN": "The ConfigMap `alb-dr-control` beside the Ingress says that no watch "
    "may move traffic by itself (`flips`). A person still may: `alb-dr failover start`.",
    "ADR-NO-PRIMARY": "In primary-secondary mode one member carries more than half of the traffic; "
    "now none does. `alb-dr failover switchover --to MEMBER` makes one the primary.",
    "ADR-ROLES-SWITCHED": "Another member is the primary than the project file says: somebody "
    "switched over. `alb-dr failover back` returns to the weights before.",
    "ADR-STANDBY-SERVES": "The standby has a small weight, so it is health-checked and tried all "
    "the time, and it serves that share of the requests. Whether ACK One gives it everything when "
    "the primary is lost is published nowhere: a drill of the primary measures it.",
    "ADR-NOT-AWAY": "`failover back` returns traffic that `failover switchover` or `failover "
    "start` moved away. They remember the weights before in an annotation of the Ingress, "
    "`alb-dr.io/away`, which goes when the traffic is back. There is none, or it is of another "
    "version; `alb-dr ingress shift --to WEIGHTS` moves traffic without it.",
    "ADR-SURVIVOR-ZERO": "Only the victim has weight. A member of weight 0 gets no requests and "
    "no health checks and does not take over by itself.",
    "ADR-KEDA": "KEDA scales the workload and would scale it up in the middle of a drill. With "
    "--pause-keda the drill pauses it and ends the pause afterwards; KEDA has several reports of "
    "pauses that did not end, so what is believed is pods that are ready and a ScaledObject that "
    "says it is not paused. One that somebody paused already is left as it is.",
    "ADR-SCALED-TO-ZERO": "A HorizontalPodAutoscaler that may go to 0 has done so, because no load "
    "asks for pods. There is nothing to rehearse until it scales up again.",
    "ADR-SYNC-PENDING": "Argo CD is about to sync the workload, or does so now, and would scale it "
    "back in the middle of a drill. Wait until the Application is Synced.",
    "ADR-ROLLOUT": "The Deployment is paused, or a rollout is not over. The loss of a cluster "
    "could not be told from the rollout, and a restore would bring back an unknown mixture.",
    "ADR-TARGET": "The workload that the project file names is not there, or is not what the "
    "Service leads to, or not the only one: scaling it to 0 would not be the loss of a member. "
    "Only Deployments can be drilled.",
    "ADR-TIMEOUT": "What was waited for did not come; the message ends with the last state seen. "
    "The commands that wait can be run again and go on from there.",
    "ADR-DEADLINE": "The command did not end within its --deadline (or ALB_DR_DEADLINE) and was "
    "interrupted, as by Ctrl-C: what harms was put back first. Give it longer, or find out with "
    "--verbose which call takes so long.",
    "ADR-PARTLY-APPLIED": "Some objects were written before one failed. Both lists are given; "
    "running the same command again is safe.",
    "ADR-OPEN": "A drill's harm may still be in force. Run the command of the last line now; it "
    "outranks every other failure.",
    "ADR-UNREACHABLE": "The API gave no usable answer in time. Nothing was changed.",
    "ADR-OUTCOME-UNKNOWN": "A write was sent, its answer was lost, and looking could not settle "
    "whether it happened. Look at the object before repeating the command.",
    "ADR-FORBIDDEN-ADDRESS": "The gateway's name leads to an address no gateway has, such as the "
    "link-local address of a metadata service. Requests are not sent there.",
    "ADR-REJECTED": "The server understood and refused: validation or admission.",
    "ADR-NOT-FOUND": "The object, its namespace or its kind does not exist on this API.",
    "ADR-NO-KIND": "The API does not serve this kind at all: a feature is not enabled, or the "
    "kubeconfig leads to another cluster than intended.",
    "ADR-NO-NAMESPACE": "The object's namespace does not exist.",
    "ADR-NO-ENVOY": "The sandbox's gateway is Envoy; it comes with the extra `sandbox`.",
    "ADR-SANDBOX-RUNNING": "One sandbox runs already in this state folder. Use it, or end it.",
    "ADR-PORT": "A port of this machine that the sandbox needs is taken by another program.",
    "ADR-JOURNAL": "The journal cannot be written. A drill without a journal could not be put "
    "back by another machine, so none is begun.",
    "ADR-WATCHDOG": "The process that would restore when the drill is killed cannot be started: "
    "the disk is full, or no more processes are allowed. Nothing was harmed.",
    "ADR-CONTROL-ADDRESS": "The Ingress has no address: the controller has not put it on the ALB.",
    "ADR-CONTROL-SUBCLUSTERS": "The gateway is not connected to every member, so a member's share "
    "cannot reach it.",
    "ADR-CONTROL-ENDPOINTS": "A member with a weight has no ready endpoint of the Service.",
    "ADR-CONTROL-EVENT": "The controller has complained within the last ten minutes.",
    "ADR-CONTROL-UNKNOWN": "The control side could not be asked. The data plane is measured all "
    "the same.",
    "ADR-VERIFY-SPLIT": "The measured shares do not agree with the weights at the confidence "
    "asked for. docs/explanation/how-weights-are-judged.md says how that is decided.",
    "ADR-VERIFY-LOSS": "More requests were lost than the objective allows.",
    "ADR-VERIFY-NAMELESS": "Answers name no member, or several. They are counted apart and never "
    "guessed; application.identity says where the name stands.",
    "ADR-VERIFY-CLUMPED": "Answers of one member come in clumps, so they are worth less evidence "
    "than their number; more requests are needed.",
    "ADR-VERIFY-NO-DATA": "No request was measured, so there is nothing to judge.",
    "ADR-DRILL-RTO": "The recovery took longer than the objective, was not seen before the fault "
    "was taken back, or the objective lies within the error bar. docs/explanation/"
    "what-rta-means.md says how the instant and its bounds are found.",
    "ADR-DRILL-LOSS": "Requests were lost while the fault was in force: more than "
    "objectives.maxErrorRate allows, or perhaps more (INCONCLUSIVE), or fewer (a warning).",
    "ADR-DRILL-SLOWER": "Under a fault that was to move nothing answers grew much slower than "
    "before. No objective judges latency, so this is a warning; health checks see a late answer "
    "as an answer.",
    "ADR-DRILL-RETURN": "Requests were lost between the restore and the member's former share. "
    "Weight belongs to the member and not to its pods: the first pod that is back gets it all.",
    "ADR-DRILL-NAMELESS": "Answers name no member, or several, so it is not known who served "
    "them. They count as lost; above 1 % the drill is inconclusive.",
    "ADR-DRILL-PROBER": "The measuring machine did not keep up, so the drill proves nothing about "
    "the gateway, whatever its numbers say. Never a pass.",
    "ADR-DRILL-PROBES": "So few probes fit into the recovery time objective that an outage of "
    "that length could pass between them. Leave --rate out.",
    "ADR-DRILL-NO-DATA": "No request was measured while the fault was in force.",
    "ADR-DRILL-CONNECTIONS": "Kept and fresh connections did not lose requests for equally long. "
    "Your clients are like one of the two.",
    "ADR-VERIFY-PROBER": "The measuring machine itself did not keep up, so the run proves nothing "
    "about the gateway.",
    "ADR-OTHER-CLUSTER": "A kubeconfig names another cluster than when it was first written "
    "through: the uid of its kube-system namespace differs. Check the file and its context. If the "
    "change is right, say --accept-cluster once.",
    "ADR-STALE-PLAN": "The Fleet changed after the plan was made; what changed is named. Make a "
    "new plan and read it.",
    "ADR-PLAN-BLOCKED": "The plan cannot be carried out as it is: an object is somebody else's, "
    "needs replacement, or a generated Application would be deleted. `alb-dr plan` says which.",
    "ADR-NOT-STEADY": "Too many requests were lost before the shift began, so its "
    "steps could not be judged. `alb-dr verify` shows it. Where moving the traffic is the cure, "
    "an overloaded member, say, `alb-dr ingress set-weights` moves it without measuring.",
    "ADR-SHIFT-OPEN": "A shift of this Ingress is under way or was left unfinished. `alb-dr "
    "status` shows where it stopped; resume or abort it first.",
    "ADR-LOCKED": "Another drill, shift or pinning of this Ingress is under way; its Lease on the "
    "Fleet says whose, on which machine and when it was last renewed. Wait for it. When that "
    "machine is lost, `alb-dr failover recover --execute` puts a drill's workload back and removes "
    "the lock, `alb-dr ingress abort` does so for a shift; "
    "`alb-dr failover unlock --drill ID` removes a lock that is left alone.",
    "ADR-PIN-EXPIRED": "The pin's time is over: its Ingress must no longer lead a header to one "
    "member. `alb-dr ingress unpin` removes it; `alb-dr ingress pin` makes a new one.",
    "ADR-WEIGHTS-MOVED": "The live weights were changed on purpose, by set-weights or a shift, "
    "since the Ingress was applied, and are not those of the project file. `alb-dr up` keeps them; "
    "`alb-dr up --reset-weights` puts the file's back.",
    "ADR-DRILL-EXPIRY": "A drill's record carries a deadline after which anybody, and the guard, "
    "may put things back. The drill moves it on while it lives; it is between 30 seconds and "
    "30 minutes.",
    "ADR-ZONE-UNKNOWN": "A zone shift needs to know in which zone of the ALB each member is: "
    "members[].zone in the project file, which must be a zone the ALB has an address in.",
    "ADR-ZONE-SHARED": "A member that stays in service is in the zone that would leave DNS. "
    "Leave out --zone: the weights alone move the traffic.",
    "ADR-ZONE-DYNAMIC": "The cloud shifts zones only of ALBs with static addresses "
    "(addressAllocatedMode Fixed), which is chosen when the gateway is made.",
    "ADR-ZONE-LAST": "No other zone of the ALB is Active, so its name would lead nowhere. The "
    "cloud refuses that, too; there is no override.",
    "ADR-ZONE-STATE": "A zone of the ALB is in a state that alb-dr did not put it into. It "
    "belongs to whoever did; the console shows it.",
    "ADR-ZONES-OUT": "alb-dr took zones of the ALB out of DNS and has not brought them back. "
    "`alb-dr failover status` names them, `alb-dr failover back` brings them back from any "
    "machine that has cloud credentials.",
    "ADR-CLOUD-MANAGED": "The cloud denies this change because a service manages the ALB. Whether "
    "it denies zone shifts on ALBs of a Fleet's gateway is not documented, so alb-dr asks with a "
    "dry run before anything else is moved. Do without --zone.",
}
"""Code to paragraph."""
