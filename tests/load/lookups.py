"""Lookups: their time, and requests without one while others hang.

Promise: lookups that get no answer do not delay requests that need none.
Targets: while 32 questions hang, the p99 of requests without lookups is at most 10 ms more than before · a question to
an API on loopback, to a table of 100,000 rows, and one whose result is kept, takes (p50) under 5 ms, 1 ms and 1 ms.
The times are those of the decision log. `.ci/postgres` measures questions to PostgreSQL.
"""
import json, pathlib, socket, tempfile, threading, time

from client import CREDENTIALS, JSON, ask, request
from program import Program
from prober import Prober, milliseconds
from service import Service

HUNG, ROWS = 32, 100_000
FORM = b'{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration",' \
       b'"data":{"userProfile":{"email":"user777@example.com"}}}'
RULE = """
[self_service_registration.lookups.account]
{keys}
returns = {returns}
[[self_service_registration.rules]]
id = "account"
lookup = "account"
message = "You have no account."
reason = "NO_ACCOUNT"
location = "data.userProfile.email"
"""
POINTERS, COLUMNS = '{ level = "/level" }', '["level"]'
HOOKS = {
    "http": RULE.format(keys='source = "api"\nget = "/found/{email}"', returns=POINTERS),
    "cached": RULE.format(keys='source = "api"\nget = "/found/{email}"\ncache = "1h"', returns=POINTERS),
    "table": RULE.format(keys='file = "users.csv"\nmatch = { email = "{email}" }', returns=COLUMNS),
    "hung": RULE.format(keys='source = "api"\nget = "/hung/{email}"', returns=POINTERS),
    "free": "[self_service_registration]\nallow_all = true\n",
}
KINDS = {"http": ("an API on loopback", 0.005), "table": (f"a table of {ROWS:,} rows", 0.001),
         "cached": ("a result that is kept", 0.001)}


def serve_api(listener):
    """Answers each question at once, except those to `/hung`, which get no answer."""
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve_connection, args=(connection,), daemon=True).start()


def serve_connection(connection):
    body = b'{"level":"gold"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    while question := connection.recv(65536):
        if not question.startswith(b"GET /hung"):
            connection.sendall(answer)


def post(hook):
    return request("POST", f"/{hook}", [CREDENTIALS, JSON], FORM)


class Setup:
    """A service with the hooks above, and its API."""

    def __init__(self, binary):
        self.folder = tempfile.TemporaryDirectory(prefix="load-lookups-")
        folder = pathlib.Path(self.folder.name)
        self.log = folder / "decisions"
        rules = folder / "rules"
        rules.mkdir()
        for name, text in HOOKS.items():
            (rules / f"{name}.toml").write_text(text)
        rows = (f"user{number}@example.com,gold\n" for number in range(ROWS))
        (rules / "users.csv").write_text("email,level\n" + "".join(rows))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        threading.Thread(target=serve_api, args=(self.listener,), daemon=True).start()
        settings = {"HOOK__SOURCES__API__URL": f"http://127.0.0.1:{self.listener.getsockname()[1]}",
                    "HOOK__LOG__DECISIONS": str(self.log)}
        self.service = Service(binary, settings, rules)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.service.end()
        self.folder.cleanup()


def times(program):
    count = 300 if program.quick else 3000
    with Setup(program.binary) as setup:
        for hook in KINDS:
            prober = Prober(setup.service.address, post(hook), fresh=False, pause=0)
            while len(seconds_of(setup, hook)) < count:
                time.sleep(0.2)
            prober.stop()
        for hook, (name, target) in KINDS.items():
            # Leaves out the first questions: they make connections, and no result is kept yet.
            seconds = sorted(seconds_of(setup, hook)[50:])
            p50, p99 = (seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
            program.figure(f"a question to {name}", f"p50 {microseconds(p50)}, p99 {microseconds(p99)}",
                           f"p50 under {microseconds(target)}", p50 < target, timed=True)


def seconds_of(setup, hook):
    """The times of the questions of a hook so far. The last line may be written only in part."""
    found = []
    for line in setup.log.read_text().splitlines(keepends=True):
        if f'"hook":"{hook}"' in line and line.endswith("\n"):
            found += [one["duration_us"] / 1e6 for one in json.loads(line)["lookups"]]
    return found


def microseconds(seconds):
    return f"{seconds * 1e6:.0f} µs"


def hanging(program):
    seconds = 2 if program.quick else 10
    with Setup(program.binary) as setup:
        address = setup.service.address
        before = without_lookup(address, seconds)
        end = time.monotonic() + seconds + 2
        callers = [threading.Thread(target=ask_until, args=(address, end)) for _ in range(HUNG)]
        for caller in callers:
            caller.start()
        time.sleep(0.5)
        meanwhile = without_lookup(address, seconds)
        for caller in callers:
            caller.join()
    program.note(f"requests without a lookup before: {before}")
    within = meanwhile.within(before.p99() + 0.01)
    program.figure(f"requests without a lookup while {HUNG} questions hang", meanwhile,
                   f"p99 at most 10 ms more than {milliseconds(before.p99())}, none failed", within,
                   timed=before.may_be_noise() and meanwhile.may_be_noise())


def without_lookup(address, seconds):
    prober = Prober(address, post("free"), fresh=False, pause=0.002)
    time.sleep(seconds)
    return prober.stop()


def ask_until(address, end):
    while time.monotonic() < end:
        ask(address, post("hung"))


def main():
    program = Program(__doc__)
    program.measure(times)
    program.measure(hanging)
    program.exit()


if __name__ == "__main__":
    main()
