"""Clients of a service under load: a prober that times good requests, and crowds of connections.

Run as a program, this file is the prober's child process. So the parent's work does not delay the prober.
"""
import atexit, contextlib, json, select, selectors, socket, subprocess, sys, time

from service import REPOSITORY

CREDENTIALS = "Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ="
JSON = "Content-Type: application/json"
HOOK = "/registrationHookSSR"
BODY = (REPOSITORY / "tests/fixtures/registrationHookSSR/guide-allow.request.json").read_bytes()


def request(method, path, headers=(), body=None):
    """The bytes of a request. Without a `body` it has no length."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


GOOD = request("POST", HOOK, [CREDENTIALS, JSON], BODY)
HEALTH = request("GET", "/healthz")


class Answer:
    def __init__(self, head, body):
        self.status, self.head, self.body = int(head.split(" ", 2)[1]), head.lower(), body

    def length(self):
        """The length of its body as declared."""
        lines = [line for line in self.head.split("\r\n") if line.startswith("content-length:")]
        return int(lines[0][15:]) if lines else 0

    def closes(self):
        return "\r\nconnection: close" in self.head


def read_answer(connection):
    """Returns the next answer. Raises `ConnectionError` if the connection ends before the answer is complete."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    answer = Answer(head.decode("latin-1"), body)
    while len(answer.body) < answer.length():
        answer.body += receive(connection)
    return answer


def receive(connection):
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("closed without an answer")
    return data


def ask(address, data, patience=10):
    """Sends a request on a new connection. Returns the answer, or `None` without one."""
    try:
        with socket.create_connection(address, patience) as connection:
            connection.sendall(data)
            return read_answer(connection)
    except OSError:
        return None


def warm(address, data=GOOD):
    """Sends a few requests, so that memory which the service always needs does not count as growth."""
    for _ in range(100):
        ask(address, data)


class Samples(list):
    """Requests of a prober, each as `(begin, seconds, status)`. The status is 0 without an answer."""

    def after(self, moment):
        return Samples(sample for sample in self if sample[0] >= moment)

    def percentile(self, share):
        seconds = sorted(sample[1] for sample in self)
        return seconds[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else float("inf")

    def p99(self):
        return self.percentile(0.99)

    def worst(self):
        return self.percentile(1)

    def failures(self):
        return sum(sample[2] != 200 for sample in self)

    def within(self, seconds):
        """Whether all requests got 200, and 99 % of them within this time."""
        return len(self) > 0 and self.failures() == 0 and self.p99() < seconds

    def __str__(self):
        return (f"p99 {milliseconds(self.p99())}, worst {milliseconds(self.worst())}, "
                f"{self.failures()} of {len(self)} failed")


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms"


class Prober:
    """A child process that sends one request after another and measures the time of each.

    `fresh` opens a connection for each request. `pause` is the time between two, in seconds.
    """

    def __init__(self, address, data=GOOD, fresh=True, pause=0.01, patience=10):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        settings = {"address": address, "data": data.decode("latin-1"), "fresh": fresh, "pause": pause,
                    "patience": patience}
        self.process.stdin.write(json.dumps(settings).encode() + b"\n")
        self.process.stdin.flush()

    def stop(self):
        """Ends it, and returns its samples."""
        output, _ = self.process.communicate()
        atexit.unregister(self.process.kill)
        return Samples(map(tuple, json.loads(output)))


def probe():
    settings = json.loads(sys.stdin.buffer.readline())
    data, patience = settings["data"].encode("latin-1"), settings["patience"]
    samples, connection = [], None
    # The parent ends this process by closing its input.
    while not select.select([sys.stdin.buffer], [], [], settings["pause"])[0]:
        begin, status = time.monotonic(), 0
        try:
            if connection is None:
                connection = socket.create_connection(settings["address"], patience)
            connection.sendall(data)
            answer = read_answer(connection)
            status = answer.status
            keep = not settings["fresh"] and not answer.closes()
        except OSError:
            keep = False
        samples.append((begin, time.monotonic() - begin, status))
        if connection is not None and not keep:
            connection.close()
            connection = None
    json.dump(samples, sys.stdout)


class Crowd:
    """Connections that write the same requests over and over, as fast as the service takes them.

    The answers stay unread, or with `read` are thrown away.
    """

    def __init__(self, address, count, data, read=False):
        # Many small requests per call.
        self.data = memoryview(data * max(1, 65536 // len(data)))
        self.selector = selectors.DefaultSelector()
        self.sent = self.closed = 0
        for _ in range(count):
            connection = connect(address, None if read else 4096)
            events = selectors.EVENT_WRITE | (selectors.EVENT_READ if read else 0)
            # The place in `data` from which the connection writes next.
            self.selector.register(connection, events, {"next": 0})

    def run(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.selector.get_map():
            for key, events in self.selector.select(left):
                try:
                    if events & selectors.EVENT_READ:
                        receive(key.fileobj)
                    if events & selectors.EVENT_WRITE:
                        self.write(key)
                except BlockingIOError:
                    continue
                except OSError:
                    self.closed += 1
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
        # If the service has ended, no connection is left. Wait here for the rest of the time.
        time.sleep(max(0, end - time.monotonic()))

    def write(self, key):
        count = key.fileobj.send(self.data[key.data["next"]:])
        key.data["next"] = (key.data["next"] + count) % len(self.data)
        self.sent += count

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


class Drippers:
    """Connections that send `first`, then `drip` again and again. An empty `drip` sends nothing.

    With `reopen`, a new connection replaces each one that the service closes.
    """

    def __init__(self, address, count, first=b"", drip=b"", reopen=False):
        self.address, self.first, self.drip, self.reopen = address, first, drip, reopen
        self.closed = 0
        self.connections = [self.open() for _ in range(count)]

    def open(self):
        connection = connect(self.address)
        with contextlib.suppress(OSError):
            connection.send(self.first)
        return connection

    def run(self, seconds, pause=0.2):
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            self.connections = [self.step(connection) for connection in self.connections]
            time.sleep(max(0, begin + pause - time.monotonic()))

    def step(self, connection):
        """Sends a drip. Returns the connection, or the one that replaces it."""
        if connection is None:
            return None
        try:
            connection.send(self.drip)
            receive(connection)
        except BlockingIOError:
            return connection
        except OSError:
            self.closed += 1
            connection.close()
            return self.open() if self.reopen else None
        return connection

    def close(self):
        for connection in self.connections:
            if connection is not None:
                connection.close()


def connect(address, receive_buffer=None):
    """Opens a connection that never blocks. With a small receive buffer, the service can write only a little."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(5)
    with contextlib.suppress(OSError):
        connection.connect(address)
    connection.setblocking(False)
    return connection


if __name__ == "__main__":
    probe()
