"""Runs the service under load, measures its memory and CPU time, and prints the report.

Every load program listens and connects on loopback only. It ends after a fixed time, and it ends
only processes that it started, by their id.
"""
import argparse, atexit, contextlib, os, pathlib, re, resource, signal, socket, subprocess, sys, tempfile
import threading, time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
SETTINGS = {"HOOK__AUTH__BASIC__USERNAME": "admin", "HOOK__AUTH__BASIC__PASSWORD": "supersecret"}
MIB = 1 << 20
# The service is killed beyond this, so that a leak does not exhaust the machine.
MEMORY = 1024 * MIB
TICKS = os.sysconf("SC_CLK_TCK")


def options(description, seconds):
    """Reads the command line, and sets how many seconds the program may take."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=default_binary(), help="the program to measure")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter steps, for CI")
    chosen = parser.parse_args()
    if not chosen.binary.is_file():
        parser.error(f"{chosen.binary}: no such program; build it with `cargo build --profile dist --locked`")
    chosen.binary = chosen.binary.resolve()
    # An exit runs the handlers that end the child processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"misses  not finished within {seconds} s"))
    signal.alarm(seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return chosen


def default_binary():
    """The binary of the `dist` profile, else that of `release`."""
    target = REPOSITORY / os.environ.get("CARGO_TARGET_DIR", "target")
    dist, release = (target / profile / "registration-hook" for profile in ("dist", "release"))
    return release if release.is_file() and not dist.is_file() else dist


class Report:
    """Prints one line per figure, and remembers whether a target was missed."""

    def __init__(self):
        self.missed = False

    def figure(self, name, measured, target, ok):
        self.missed |= not ok
        print(f"{'ok    ' if ok else 'misses'}  {name}: {measured} (target: {target})", flush=True)

    def note(self, text):
        print(f"        {text}", flush=True)

    def exit(self):
        sys.exit(1 if self.missed else 0)


class Service:
    """A running service. A thread records its memory, and kills it beyond `memory` bytes."""

    def __init__(self, binary, settings={}, rules=REPOSITORY / "tests/rules", memory=MEMORY,
                 stdout=subprocess.DEVNULL, port=0):
        self.folder = tempfile.TemporaryDirectory(prefix="load-")
        # Without this program's own environment, which may hold settings.
        self.environment = {**SETTINGS, "HOOK__SERVER__BIND": f"127.0.0.1:{port}",
                            "HOOK__RULES__DIRECTORY": str(rules), **settings}
        self.log = pathlib.Path(self.folder.name, "stderr")
        self.memory, self.highest, self.killed_after = memory, 0, None
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([binary, "serve"], cwd=self.folder.name, env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=stdout, stderr=log)
        atexit.register(self.end)
        self.id = self.process.pid
        self.address = self.wait_for_address()
        threading.Thread(target=self.watch, daemon=True).start()

    def wait_for_address(self):
        while time.monotonic() < self.started + 10 and self.is_running():
            found = re.search(r"listens on https?://([\d.]+):(\d+)", self.messages())
            if found:
                return found[1], int(found[2])
            time.sleep(0.002)
        sys.exit(f"misses  the service did not start:\n{self.messages()}")

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


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
