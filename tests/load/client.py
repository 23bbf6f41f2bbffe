"""Requests to the service, and their answers."""
import contextlib, socket

from program import REPOSITORY

CREDENTIALS = "Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ="
JSON = "Content-Type: application/json"
HOOK = "/registrationHookSSR"
BODY = (REPOSITORY / "tests/guide/fixtures/registrationHookSSR/guide-allow.request.json").read_bytes()


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


def warm(address, data):
    """Sends a few requests, so that memory which the service always needs does not count as growth."""
    for _ in range(100):
        ask(address, data)


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
