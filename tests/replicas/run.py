"""Tests two replicas behind deploy/haproxy.cfg, under load from callers with Okta's time limit and retry.

One replica is killed. A program that breaks off each request takes its place. Then the replica is started
again, and the other one is stopped and started again. Every registration must get its own right answer,
within Okta's 3 s and with at most one retry.
"""
import contextlib, http.client, http.server, json, pathlib, socket, ssl, subprocess, sys, tempfile, threading, time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURES = REPOSITORY / "tests/guide/fixtures/registrationHookSSR"
CALLERS, PAUSE = 8, 0.02
HEADERS = {"Content-Type": "application/json", "Authorization": "Basic YWRtaW46YS10cmlhbA=="}


def main(program):
    with tempfile.TemporaryDirectory(prefix="replicas-") as folder, contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        ports = {name: free_port() for name in ("front", "a", "b")}
        a, b = (Replica(program, name, ports[name], folder, stack) for name in ("a", "b"))
        a.start(), b.start()
        certificate = start_proxy(ports, folder, stack)
        load = Load(ports["front"], certificate)

        load.phase("both run", 3)
        a.process.kill()
        load.phase("one was killed", 3)
        with breaking_off(ports["a"]) as broken_off:
            load.phase("a program in its place breaks off each request", 3)
        assert len(broken_off) > 50, "the program in its place got hardly any request"
        a.start()
        load.phase("it runs again", 4)
        b.process.terminate()
        load.phase("the other gets SIGTERM and drains", 6)
        assert b.process.wait(10) == 0, "a replica did not stop gracefully"
        b.start()
        load.phase("it runs again", 4)
        load.stop()
        a.stop(), b.stop()

        print(f"{load.sent} registrations: {load.sent - load.again - len(load.lost)} answered at once, "
              f"{load.again} after a retry by the caller, {len(load.lost)} lost; slowest {load.slowest:.3f} s")
        print("decisions of each process:", ", ".join(f"{run} {count}" for run, count in (a.runs() | b.runs()).items()))
        assert not load.lost, load.lost[:5]
        assert load.sent > 500, "the load was too small"
        assert all(count > 50 for count in (a.runs() | b.runs()).values()), "a process had hardly any request"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def reachable(port, what, messages):
    for _ in range(100):
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
def breaking_off(port):
    """Runs a server that reports ready, reads every request and breaks off without an answer."""
    requests = []

    class BreakingOff(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            requests.append(1)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), BreakingOff) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield requests
        server.shutdown()


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
        assert self.process.wait(20) == 0

    def runs(self):
        return {log.name: log.read_bytes().count(b"\n") for log in self.logs}


def start_proxy(ports, folder, stack):
    """Starts HAProxy with the recommended configuration, and with this test's addresses and certificate."""
    text = (REPOSITORY / "deploy/haproxy.cfg").read_text()
    certificate = folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    both = folder / "hook.pem"
    both.write_text(certificate.read_text() + (folder / "key.pem").read_text())
    for there, here in {"bind :443": f"bind 127.0.0.1:{ports['front']}", "/etc/haproxy/hook.pem": both,
                        "10.0.0.11:8080": f"127.0.0.1:{ports['a']}",
                        "10.0.0.12:8080": f"127.0.0.1:{ports['b']}"}.items():
        assert text.count(there) == 1, f"`{there}` must be in haproxy.cfg exactly once"
        text = text.replace(there, str(here))
    configuration = folder / "haproxy.cfg"
    configuration.write_text(text)
    messages = folder / "haproxy.log"
    child(stack, "haproxy", "-db", "-f", configuration, stderr=messages.open("wb"))
    reachable(ports["front"], "HAProxy", messages)
    return certificate


class Load:
    """Callers that each send one registration after another, until `stop`."""

    def __init__(self, port, certificate):
        self.port, self.trust = port, ssl.create_default_context(cafile=certificate)
        self.sent = self.again = 0
        self.slowest, self.lost = 0.0, []
        self.name, self.lock, self.over = "", threading.Lock(), threading.Event()
        self.cases = [(FIXTURES.joinpath(f"{case}.request.json").read_bytes(),
                       json.loads(FIXTURES.joinpath(f"{case}.response.json").read_bytes()))
                      for case in ("guide-allow", "guide-deny")]
        self.threads = [threading.Thread(target=self.call, daemon=True) for _ in range(CALLERS)]

    def phase(self, name, seconds):
        self.name = name
        for thread in self.threads:
            if thread.ident is None:
                thread.start()
        before = self.sent, self.again
        time.sleep(seconds)
        print(f"{name}: {self.sent - before[0]} registrations, {self.again - before[1]} retried")

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive(), "a caller did not end within 10 s"

    def call(self):
        connection = None
        while not self.over.wait(PAUSE):
            body, right = self.cases[self.sent % len(self.cases)]
            answer, tries, begin = None, 0, time.monotonic()
            # Okta retries once, and only without an answer or after a 5xx.
            while tries < 2 and (answer is None or answer[0] >= 500):
                tries += 1
                connection, answer = self.attempt(connection, body)
            with self.lock:
                self.sent += 1
                self.slowest = max(self.slowest, time.monotonic() - begin)
                if answer is None or answer != (200, right):
                    self.lost.append((self.name, answer))
                elif tries == 2:
                    self.again += 1

    def attempt(self, connection, body):
        try:
            if connection is None:
                connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=3, context=self.trust)
            connection.request("POST", "/registrationHookSSR", body, HEADERS)
            response = connection.getresponse()
            return connection, (response.status, json.loads(response.read()))
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            return None, None


if __name__ == "__main__":
    main(sys.argv[1])
