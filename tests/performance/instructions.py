"""Instructions per request in user space, by valgrind's callgrind. They depend on the program, not on the machine's
load. Work of the kernel does not count."""
import collections, contextlib, os, pathlib, re, shutil, signal, socket, tempfile

from servers import FLOOR, Command, Hook, Missed
# A module of tests/load, which `servers` puts on the path.
from keys import until_warm

WARM, COUNTED = 200, 1000
# Valgrind slows a program fifty times, and a busy machine slows it again.
PATIENCE, TRIES = 600, 5
# Work that recurs would count more on a slower machine.
STEADY = {"HOOK__RULES__RELOAD": "off", "HOOK__SERVER__REQUEST_TIMEOUT": "60s"}


def valgrind():
    """The path of valgrind."""
    path = shutil.which("valgrind")
    if not path:
        raise Missed("`valgrind` is not installed; on Debian, `apt-get install valgrind` does it")
    return path


class Start:
    """How to start a server under callgrind, and the bytes of the request that it gets."""

    def __init__(self, binary, request, settings={}, rules=None):
        self.binary, self.request, self.settings = binary, request, settings
        self.rules = {} if rules is None else {"rules": rules}

    def under(self, prefix):
        # Valgrind reads its own parts from here if it is not installed at its usual place.
        parts = {name: value for name, value in os.environ.items() if name == "VALGRIND_LIB"}
        settings = parts | STEADY | self.settings
        hook = Hook(self.binary, settings, prefix=prefix, patience=PATIENCE, **self.rules)
        # Without the issuer's keys, the service refuses the token of the request.
        if "HOOK__AUTH__OAUTH__ISSUER" in settings:
            until_warm(hook)
        return hook


class FloorStart(Start):
    def __init__(self, request):
        super().__init__(FLOOR, request)

    def under(self, prefix):
        return Command([*prefix, FLOOR, "PORT", "1"], patience=PATIENCE)


def count(start):
    """Returns the instructions per request, by function."""
    # The difference leaves out the start, the first requests and the end.
    before, after = run_again(start, WARM), run_again(start, WARM + COUNTED)
    after.subtract(before)
    return {name: instructions / COUNTED for name, instructions in after.items() if instructions > 0}


def total(functions):
    return sum(functions.values())


def run_again(start, requests):
    """Like `run`. Repeats it after a refusal, since the service refuses a request that a stall makes wait."""
    for _ in range(TRIES - 1):
        with contextlib.suppress(Refused):
            return run(start, requests)
    return run(start, requests)


class Refused(Missed):
    """An answer is not 200."""


def run(start, requests):
    """Sends so many requests, one after another on one connection. Returns the instructions of the whole run."""
    with tempfile.TemporaryDirectory(prefix="callgrind-") as folder:
        output = pathlib.Path(folder, "out")
        prefix = [valgrind(), "--tool=callgrind", f"--callgrind-out-file={output}", f"--log-file={folder}/log"]
        with start.under(prefix) as server:
            send(server.address, start.request, requests)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(PATIENCE)
        return read_profile(output.read_text())


def send(address, request, requests):
    with socket.create_connection(address, PATIENCE) as connection:
        for _ in range(requests):
            connection.sendall(request)
            if not connection.recv(65536).startswith(b"HTTP/1.1 200 "):
                raise Refused("an answer is not 200")


def read_profile(text):
    """The instructions of each function itself, without those of the functions that it calls."""
    names, found, function, is_call = {}, collections.Counter(), None, False
    for line in text.splitlines():
        named = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line)
        if named:
            if named[2]:
                names[named[1]] = named[2]
            if line.startswith("fn="):
                function = names[named[1]]
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[+\-*\d]", line):
            # The line after `calls=` has the cost of the call.
            if not is_call:
                found[function] += int(line.split()[1])
            is_call = False
    return found
