"""The servers that are compared: the service, the floor and Okta's sample. Each listens on loopback.

Servers run on the first core, and what loads them on the second, unless `pinned` is false.
"""
import atexit, os, pathlib, re, socket, subprocess, sys, time

PERFORMANCE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(PERFORMANCE.parent / "load"))
from program import REPOSITORY, Missed
from service import MIB, Service

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES, LOAD_CORES = ({CORES[0]}, {CORES[1]}) if len(CORES) > 1 else (set(CORES), set(CORES))
FLOOR = REPOSITORY / os.environ.get("CARGO_TARGET_DIR", "target") / "performance/release/floor"


class Measured:
    """What a running server has used so far. `self.id` is its process."""

    def cpu_ns(self):
        """The CPU time of all its threads, in nanoseconds. No thread ends before the server, so none is missed."""
        total = 0
        for thread in os.listdir(f"/proc/{self.id}/task"):
            with open(f"/proc/{self.id}/task/{thread}/schedstat") as times:
                total += int(times.read().split()[0])
        return total

    def resident(self):
        """Its resident memory, in bytes."""
        with open(f"/proc/{self.id}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


class Hook(Measured, Service):
    """The service, with one worker and its decisions written to a pipe, unless `settings` say otherwise."""

    def __init__(self, binary, settings={}, pinned=True, **others):
        self.reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        atexit.register(self.reader.kill)
        settings = {"HOOK__SERVER__WORKERS": "1", **settings}
        with on_cores(SERVER_CORES if pinned else CORES):
            super().__init__(binary, settings, stdout=self.reader.stdin, **others)
        # The service has a copy of this end of the pipe.
        self.reader.stdin.close()

    def watch(self):
        """Does nothing: the watch of `Service` over the memory would take CPU time from the service."""

    def end(self):
        super().end()
        self.reader.kill()
        self.reader.wait()
        atexit.unregister(self.reader.kill)


class Command(Measured):
    """A server that takes its port from its command line."""

    def __init__(self, command, pinned=True, patience=20, environment=None, stdout=subprocess.DEVNULL):
        self.address = ("127.0.0.1", free_port())
        command = [str(self.address[1]) if word == "PORT" else word for word in command]
        self.started = time.monotonic()
        with on_cores(SERVER_CORES if pinned else CORES):
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout,
                                            stderr=subprocess.DEVNULL, env=environment)
        atexit.register(self.end)
        self.id = self.process.pid
        while not self.accepts():
            if self.process.poll() is not None or time.monotonic() > self.started + patience:
                raise Missed(f"`{command[0]}` did not start")
            time.sleep(0.002)

    def accepts(self):
        with socket.socket() as connection:
            return connection.connect_ex(self.address) == 0

    def end(self):
        self.process.kill()
        self.process.wait()
        atexit.unregister(self.end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def start_floor(workers=1, pinned=True):
    return Command([FLOOR, "PORT", str(workers)], pinned)


class on_cores:
    """Lets the processes that start within run on these cores."""

    def __init__(self, cores):
        self.cores = cores

    def __enter__(self):
        self.before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.cores)

    def __exit__(self, *_):
        os.sched_setaffinity(0, self.before)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
