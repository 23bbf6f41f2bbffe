"""Runs the service under load, and measures its memory and CPU time.

Every load program listens and connects on loopback only. It ends after a fixed time, and it ends
only processes that it started, by their id.
"""
import atexit, contextlib, os, pathlib, re, resource, socket, subprocess, tempfile, threading, time

from noise import TICKS
from program import REPOSITORY, Missed

SETTINGS = {"HOOK__AUTH__BASIC__USERNAME": "admin", "HOOK__AUTH__BASIC__PASSWORD": "supersecret"}
MIB = 1 << 20
# The service is killed beyond this, so that a leak does not exhaust the machine.
MEMORY = 1024 * MIB


class Service:
    """A running service. A thread records its memory, and kills it beyond `memory` bytes.

    `prefix` is a program that runs it, with arguments. Its start takes at most `patience` seconds.
    """

    def __init__(self, binary, settings={}, rules=REPOSITORY / "tests/guide/rules", memory=MEMORY,
                 stdout=subprocess.DEVNULL, port=0, prefix=(), patience=60):
        self.folder = tempfile.TemporaryDirectory(prefix="load-")
        # Without this program's own environment, which may hold settings.
        self.environment = {**SETTINGS, "HOOK__SERVER__BIND": f"127.0.0.1:{port}",
                            "HOOK__RULES__DIRECTORY": str(rules), **settings}
        self.log = pathlib.Path(self.folder.name, "stderr")
        self.memory, self.highest, self.killed_after = memory, 0, None
        self.patience = patience
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*prefix, binary, "serve"], cwd=self.folder.name, env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=stdout, stderr=log)
        atexit.register(self.end)
        self.id = self.process.pid
        host, _, number = self.environment.get("HOOK__METRICS__BIND", "").partition(":")
        self.metrics = (host, int(number or 0))
        self.address = self.wait_for_address()
        threading.Thread(target=self.watch, daemon=True).start()

    def wait_for_address(self):
        while time.monotonic() < self.started + self.patience and self.is_running():
            found = re.search(r"listens on https?://([\d.]+):(\d+)", self.messages())
            if found:
                return found[1], int(found[2])
            time.sleep(0.002)
        raise Missed(f"the service did not start:\n{self.messages()}")

    def watch(self):
        while self.is_running():
            self.highest = max(self.highest, self.peak())
            if self.resident() > self.memory:
                self.killed_after = time.monotonic() - self.started
                self.process.kill()
                return
            time.sleep(0.01)

    def messages(self):
        return self.log.read_text(errors="replace")

    def is_running(self):
        return self.killed_after is None and self.process.poll() is None

    def state(self):
        """A few words on whether it runs."""
        if self.killed_after is not None:
            return f"killed at {self.memory // MIB} MiB, {self.killed_after:.1f} s after its start"
        return "runs" if self.is_running() else f"ended with {self.process.returncode}"

    def resident(self):
        """Its resident memory in bytes."""
        return self.memory_of("VmRSS")

    def peak(self):
        """Its greatest resident memory so far, in bytes."""
        return max(self.highest, self.memory_of("VmHWM"))

    def memory_of(self, name):
        found = re.search(rf"{name}:\s+(\d+) kB", self.proc("status"))
        return int(found[1]) * 1024 if found else 0

    def cpu(self):
        """The CPU time that it has used, in seconds."""
        fields = self.proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0

    def proc(self, name):
        """The text of a file in its /proc folder; empty after its end."""
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{self.id}/{name}").read_text()
        return ""

    def descriptors(self):
        with contextlib.suppress(OSError):
            return len(os.listdir(f"/proc/{self.id}/fd"))
        return 0

    def wait_until_idle(self):
        """Waits until it has used no CPU time for a second, so that it has read all that was sent."""
        quiet, end = 0, time.monotonic() + 60
        while self.is_running() and quiet < 4 and time.monotonic() < end:
            before = self.cpu()
            time.sleep(0.25)
            quiet = quiet + 1 if self.cpu() - before < 0.02 else 0

    def limit_descriptors(self, count):
        resource.prlimit(self.id, resource.RLIMIT_NOFILE, (count, count))

    def end(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
        atexit.unregister(self.end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def with_metrics_listener():
    """A setting that opens the metrics listener on a free port. `Service.metrics` is its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return {"HOOK__METRICS__BIND": f"127.0.0.1:{listener.getsockname()[1]}"}
