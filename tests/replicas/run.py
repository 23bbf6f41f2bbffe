"""Tests two replicas behind deploy/haproxy.cfg, under load from callers with Okta's time limit and retry.

One replica is killed. A program that breaks off each request takes its place. Then the replica is started
again, and the other one is stopped and started again. Every registration must get its own right answer,
within Okta's 3 s and with at most one retry.

A phase ends when its event has happened, so a slow machine only takes longer. A registration that is lost while
this machine stalls proves nothing. The test fails if any other is lost, or if stalls explain too many.
"""
import contextlib, http.client, json, pathlib, random, socket, ssl, subprocess, sys, tempfile, threading, time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURES = REPOSITORY / "tests/guide/fixtures/registrationHookSSR"
CALLERS, PAUSE = 8, 0.02
# How long Okta waits for an answer, in seconds.
OKTA_WAITS = 3
# The longest wait for a start, for the event of a phase or for an end, in seconds.
PATIENCE = 60
# A program has taken part if it had more requests than this.
ENOUGH = 100
# The machine stalls if a thread wakes this many seconds late. This is less than the 0.25 s after which the service
# refuses a waiting request.
STALL = 0.2
HEADERS = {"Content-Type": "application/json", "Authorization": "Basic YWRtaW46YS10cmlhbA=="}


def main(program):
    with tempfile.TemporaryDirectory(prefix="replicas-") as folder, contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        names = ("front", "a", "b")
        ports = dict(zip(names, free_ports(len(names))))
        a, b = (Replica(program, name, ports[name], folder, stack) for name in ("a", "b"))
        a.start(), b.start()
        proxy = Proxy(ports, folder, stack)
        load = Load(ports["front"], proxy)

        load.phase("both run", lambda: a.decisions() > ENOUGH and b.decisions() > ENOUGH)
        a.process.kill()
        load.phase("a was killed", lambda: proxy.notices("Server hook/a is DOWN"))
        with breaking_off(ports["a"], folder, stack) as broken_off:
            load.phase("a program in its place breaks off each request", lambda: count_lines(broken_off) > ENOUGH)
        a.start()
        load.phase("a runs again", lambda: a.decisions() > ENOUGH)
        b.process.terminate()
        load.phase("b gets SIGTERM and drains", lambda: b.process.poll() is not None)
        assert b.process.returncode == 0, "a replica did not stop gracefully"
        load.phase("b has stopped", lambda: proxy.notices("Server hook/b is DOWN"))
        b.start()
        load.phase("b runs again", lambda: b.decisions() > ENOUGH)
        load.stop()
        a.stop(), b.stop()

        lost, stalled = load.lost_and_stalled()
        print(f"{load.sent} registrations: {load.sent - load.again - len(lost) - len(stalled)} answered at once, "
              f"{load.again} after a retry by the caller, {len(lost)} lost, {len(stalled)} more lost while this "
              f"machine stalled; slowest {load.slowest:.3f} s, {len(load.stalls.found)} stalls")
        print("decisions of each process:", ", ".join(f"{run} {count}" for run, count in (a.runs() | b.runs()).items()))
        assert not lost, f"{lost[:5]}\n{proxy.log()}"
        assert len(stalled) < load.sent / 10, f"stalls hide too much: {stalled[:5]}\n{proxy.log()}"


def free_ports(count):
    """Free ports below those of outgoing connections, so that none of these takes a port while its replica is down."""
    with contextlib.ExitStack() as stack:
        listeners = []
        while len(listeners) < count:
            with contextlib.suppress(OSError):
                listener = socket.create_server(("127.0.0.1", random.randrange(20_000, 30_000)))
                listeners.append(stack.enter_context(listener))
        return [listener.getsockname()[1] for listener in listeners]


def reachable(port, what, messages):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.exit(f"{what} did not start:\n{messages.read_text()}")


def child(stack, *command, **options):
    """Starts a process that ends with this one."""
    process = subprocess.Popen(command, **options)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


@contextlib.contextmanager
def breaking_off(port, folder, stack):
    """Runs `breaking_off.py`. Yields the file to which it writes a line per request."""
    requests, messages = folder / "broken-off", folder / "breaking-off.messages"
    process = child(stack, sys.executable, pathlib.Path(__file__).with_name("breaking_off.py"), str(port),
                    stdout=requests.open("wb"), stderr=messages.open("wb"))
    reachable(port, "the program that breaks off", messages)
    yield requests
    process.kill()
    # The port is free only after the process has ended.
    process.wait()


def count_lines(file):
    return file.read_bytes().count(b"\n")


class Replica:
    def __init__(self, program, name, port, folder, stack):
        self.program, self.name, self.port, self.folder, self.stack = program, name, port, folder, stack
        self.logs = []

    def start(self):
        self.logs.append(self.folder / f"{self.name}{len(self.logs) + 1}")
        messages = self.folder / f"{self.name}.messages"
        self.process = child(
            self.stack, self.program, "serve", cwd=REPOSITORY,
            env={"HOOK__SERVER__BIND": f"127.0.0.1:{self.port}", "HOOK__SERVER__DRAIN_DELAY": "4s",
                 "HOOK__AUTH__BASIC__USERNAME": "admin", "HOOK__AUTH__BASIC__PASSWORD": "a-trial"},
            stdout=self.logs[-1].open("wb"), stderr=messages.open("wb"))
        reachable(self.port, f"replica {self.name}", messages)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0

    def decisions(self):
        """How many decisions the process that was started last has logged."""
        return count_lines(self.logs[-1])

    def runs(self):
        return {log.name: count_lines(log) for log in self.logs}


class Proxy:
    """HAProxy with the recommended configuration, and with this test's addresses and certificate."""

    def __init__(self, ports, folder, stack):
        text = (REPOSITORY / "deploy/haproxy.cfg").read_text()
        self.certificate = folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", folder / "key.pem", "-out", self.certificate],
                       check=True, stderr=subprocess.DEVNULL)
        both = folder / "hook.pem"
        both.write_text(self.certificate.read_text() + (folder / "key.pem").read_text())
        for there, here in {"bind :443": f"bind 127.0.0.1:{ports['front']}", "/etc/haproxy/hook.pem": both,
                            "10.0.0.11:8080": f"127.0.0.1:{ports['a']}",
                            "10.0.0.12:8080": f"127.0.0.1:{ports['b']}"}.items():
            assert text.count(there) == 1, f"`{there}` must be in haproxy.cfg exactly once"
            text = text.replace(there, str(here))
        configuration = folder / "haproxy.cfg"
        configuration.write_text(text)
        self.messages = folder / "haproxy.log"
        child(stack, "haproxy", "-db", "-f", configuration, stderr=self.messages.open("wb"))
        reachable(ports["front"], "HAProxy", self.messages)

    def notices(self, message):
        return message in self.messages.read_text()

    def log(self):
        return f"HAProxy's messages:\n{self.messages.read_text()}"


class Stalls(threading.Thread):
    """Records when this machine stalls, from its start on."""

    def __init__(self):
        super().__init__(daemon=True)
        # Each as `(begin, end)`.
        self.found = []
        self.start()

    def run(self):
        begin = time.monotonic()
        while True:
            time.sleep(0.01)
            now = time.monotonic()
            if now - begin > STALL:
                self.found.append((begin, now))
            begin = now

    def within(self, begin, end):
        """Whether the machine stalled at some time between these two."""
        return any(stall[0] < end and begin < stall[1] for stall in self.found)


class Load:
    """Callers that each send one registration after another, until `stop`."""

    def __init__(self, port, proxy):
        self.port, self.proxy, self.stalls = port, proxy, Stalls()
        self.trust = ssl.create_default_context(cafile=proxy.certificate)
        self.sent = self.again = 0
        # The registrations that got no right answer, each as `(phase, answer, begin, end)`.
        self.slowest, self.failed = 0.0, []
        self.name, self.lock, self.over = "", threading.Lock(), threading.Event()
        self.cases = [(FIXTURES.joinpath(f"{case}.request.json").read_bytes(),
                       json.loads(FIXTURES.joinpath(f"{case}.response.json").read_bytes()))
                      for case in ("guide-allow", "guide-deny")]
        self.threads = [threading.Thread(target=self.call, daemon=True) for _ in range(CALLERS)]

    def phase(self, name, is_over):
        """Sends registrations until `is_over`, and then for a second more."""
        self.name = name
        for thread in self.threads:
            if thread.ident is None:
                thread.start()
        begin, before = time.monotonic(), (self.sent, self.again)
        while not is_over():
            if time.monotonic() > begin + PATIENCE:
                sys.exit(f"{name}: not over after {PATIENCE} s, and {self.sent - before[0]} registrations\n"
                         f"{self.proxy.log()}")
            time.sleep(0.05)
        time.sleep(1)
        print(f"{name}: {self.sent - before[0]} registrations, {self.again - before[1]} retried, "
              f"{time.monotonic() - begin:.1f} s", flush=True)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), f"a caller did not end within {PATIENCE} s"

    def call(self):
        connection = None
        while not self.over.wait(PAUSE):
            body, right = self.cases[self.sent % len(self.cases)]
            answer, tries, begin = None, 0, time.monotonic()
            # Okta retries once, and only without an answer or after a 5xx.
            while tries < 2 and (answer is None or answer[0] >= 500):
                tries += 1
                connection, answer = self.attempt(connection, body)
            end = time.monotonic()
            with self.lock:
                self.sent += 1
                self.slowest = max(self.slowest, end - begin)
                if answer == (200, right):
                    self.again += tries == 2
                else:
                    self.failed.append((self.name, answer, begin, end))

    def lost_and_stalled(self):
        """The registrations that failed, and those that were late or refused because the machine stalled."""
        lost, stalled = [], []
        for name, answer, begin, end in self.failed:
            is_late = answer is None or answer[0] >= 500
            # A stall delays requests for some time after it.
            (stalled if is_late and self.stalls.within(begin - 1, end) else lost).append((name, answer))
        return lost, stalled

    def attempt(self, connection, body):
        try:
            if connection is None:
                connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=OKTA_WAITS, context=self.trust)
            connection.request("POST", "/registrationHookSSR", body, HEADERS)
            response = connection.getresponse()
            return connection, (response.status, json.loads(response.read()))
        except (OSError, http.client.HTTPException, ValueError):
            if connection is not None:
                connection.close()
            return None, None


if __name__ == "__main__":
    main(sys.argv[1])
