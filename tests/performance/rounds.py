"""Closed loop: wrk loads one server after another, in rounds, so that drift of the machine meets all of them alike."""
import dataclasses, json, os, subprocess, sys, tempfile

from servers import CORES, LOAD_CORES, PERFORMANCE, REPOSITORY, Missed, on_cores

GUIDE = REPOSITORY / "tests/guide/fixtures"
BASIC = "Basic YWRtaW46c3VwZXJzZWNyZXQ="


@dataclasses.dataclass
class Target:
    """A request to a server that is measured. `body` is the bytes of its body."""
    name: str
    server: object
    hook: str = "registrationHookSSR"
    body: bytes = (GUIDE / "registrationHookSSR/guide-deny.request.json").read_bytes()
    authorization: str = BASIC
    scheme: str = "http"
    connections: int = 32
    pinned: bool = True
    runs: list = dataclasses.field(default_factory=list)
    note: str = ""

    def load(self, seconds):
        """Loads the server for so many seconds, and adds the figures to `runs` if no request failed."""
        url = f"{self.scheme}://{self.server.address[0]}:{self.server.address[1]}/{self.hook}"
        command = ["wrk", "-t", "1", "-c", str(self.connections), "-d", str(seconds), "--timeout", "5s", "-s",
                   PERFORMANCE / "post.lua", url]
        with tempfile.NamedTemporaryFile() as body, on_cores(LOAD_CORES if self.pinned else CORES):
            body.write(self.body)
            body.flush()
            before = self.server.cpu_ns()
            ended = subprocess.run(command, env={**os.environ, "BODY": body.name, "AUTHORIZATION": self.authorization},
                                   capture_output=True, text=True, timeout=seconds + 30)
            used = self.server.cpu_ns() - before
        lines = [line for line in ended.stdout.splitlines() if line.startswith("JSON ")]
        if not lines:
            raise Missed(f"{self.name}: wrk failed: {ended.stderr}")
        figures = json.loads(lines[0].removeprefix("JSON "))
        if figures["failed"] or not figures["requests"]:
            # On a busy machine, the service refuses requests that would wait too long. Another round may do better.
            self.note = f"{figures['failed']} of {figures['requests']} requests failed"
            return
        figures["cpu"] = used / figures["requests"] / 1000
        figures["rate"] = figures["requests"] / figures["microseconds"] * 1e6
        self.runs.append(figures)

    def cpu(self):
        """The CPU time per request in its best round, in microseconds. Other work of the machine only adds."""
        return min(run["cpu"] for run in self.runs)

    def rate(self):
        """Requests per second in its best round."""
        return max(run["rate"] for run in self.runs)

    def spread(self):
        """How far its rounds differ, as a share of the best one."""
        return max(run["cpu"] for run in self.runs) / self.cpu() - 1


def load_in_rounds(targets, rounds, seconds=1):
    """Loads each target once to warm it, and then in rounds. Returns the targets by their names."""
    for target in targets:
        target.load(1)
        target.runs.clear()
    for number in range(rounds):
        print(f"  round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for target in targets:
            target.load(seconds)
    for target in targets:
        if not target.runs:
            raise Missed(f"{target.name}: in each round, requests failed; in the last one, {target.note}")
    return {target.name: target for target in targets}
