"""Clients that are slow on purpose.

Promise: every phase of a request has a limit of its own.
Targets: a slow head is cut within 5 s if it is the first of its connection, and within 10 s if it is
a later one. A slow body gets 408 after 2.5 s, and its connection is closed within 1 s of the 408. A
client that does not read its answers is cut within 30 s. A client that sends a byte now and then
gains no time. A clock that starts and ends in this client has a tolerance of 0.2 s.
"""
import socket, threading, time

from client import CREDENTIALS, GOOD, HEALTH, HOOK, JSON, read_answer
from crowd import Crowd
from program import Program
from service import Service

GRACE = 0.2
POST = f"POST {HOOK} HTTP/1.1\r\nHost: localhost\r\n{CREDENTIALS}\r\n{JSON}\r\n"
WITH_LENGTH = f"{POST}Content-Length: 1000\r\n\r\n{{".encode()
CHUNKED = f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n".encode()
# Each case has the first bytes of a request, and the bytes that follow now and then.
HEADS = {"silent": (b"", b""), "stalled": (b"POST / HTTP/1.1\r\nX", b""), "dripping": (b"POST / HTTP/1.1\r\nX", b"x"),
         "of two bytes, dripping": (b"PO", b"x")}
BODIES = {"with a length, stalled": (WITH_LENGTH, b""), "with a length, dripping": (WITH_LENGTH, b" "),
          "in chunks, stalled": (CHUNKED, b""), "in chunks, dripping": (CHUNKED, b"1\r\n \r\n")}


class Slow(threading.Thread):
    """One slow client. Measures the time until it was answered, and until it was cut.

    `earlier` is the number of requests before the slow one.
    """

    def __init__(self, address, begin, drip, earlier=0):
        super().__init__(daemon=True)
        self.address, self.begin, self.drip, self.earlier = address, begin, drip, earlier
        self.answer, self.answered, self.cut = b"", None, None
        self.start()

    def run(self):
        with socket.create_connection(self.address, 10) as connection:
            for _ in range(self.earlier):
                connection.sendall(GOOD)
                read_answer(connection)
            begin = time.monotonic()
            try:
                connection.sendall(self.begin)
                connection.settimeout(0.1)
                while time.monotonic() < begin + 20 and self.listen(connection, begin):
                    connection.sendall(self.drip)
            except OSError:
                self.cut = time.monotonic() - begin

    def listen(self, connection, begin):
        """Reads what has arrived. Returns whether the connection is still open."""
        try:
            data = connection.recv(4096)
        except TimeoutError:
            return True
        if self.answered is None and data:
            self.answered = time.monotonic() - begin
        self.answer += data
        if not data and self.cut is None:
            self.cut = time.monotonic() - begin
        return bool(data)


def seconds(time):
    return "never" if time is None else f"{time:.2f} s"


def heads_and_bodies(program):
    with Service(program.binary) as service:
        # Each has the number of earlier requests, and the limit of the head that follows.
        heads = {"first": (0, 5), "second": (1, 10), "fifth": (4, 10)}
        slow_heads = []
        for which, (earlier, limit) in heads.items():
            for name, case in HEADS.items():
                if name != "silent" or earlier == 0:
                    slow_heads.append((f"{which} head, {name}", limit, Slow(service.address, *case, earlier)))
        slow_bodies = {name: Slow(service.address, *case) for name, case in BODIES.items()}
        for name, limit, client in slow_heads:
            client.join()
            program.figure(name, f"cut after {seconds(client.cut)}", f"within {limit} s",
                           client.cut is not None and client.cut < limit + GRACE,
                           timed=client.cut is not None)
        for name, client in slow_bodies.items():
            client.join()
            status = client.answer[9:12].decode() or "no answer"
            timely = client.answered is not None and abs(client.answered - 2.5) < GRACE
            closed = timely and client.cut is not None and client.cut - client.answered < 1
            program.figure(f"body {name}", f"{status} after {seconds(client.answered)}, cut after {seconds(client.cut)}",
                           "408 after 2.5 s, cut within 1 s of it", closed and status == "408", timed=status == "408")


def readers(program):
    """Clients that read nothing. They cannot notice the cut, so the service's descriptors are counted."""
    with Service(program.binary) as service:
        idle = service.descriptors()
        crowd = Crowd(service.address, 20, HEALTH)
        crowd.run(1)
        held = service.descriptors() - idle
        while service.descriptors() > idle and time.monotonic() < crowd.last_sent + 40:
            time.sleep(0.02)
        cut, left = time.monotonic() - crowd.last_sent, service.descriptors() - idle
        program.figure(f"{held} slow readers", f"{left} left {seconds(cut)} after they stalled", "none left after 30 s",
                       held == 20 and left <= 0 and cut < 30 + GRACE)
        crowd.close()


def main():
    program = Program(__doc__)
    program.measure(heads_and_bodies)
    if not program.quick:
        program.measure(readers)
    program.exit()


if __name__ == "__main__":
    main()
