"""Clients that are slow on purpose.

Promise: every phase of a request has a limit of its own.
Targets: a slow head is cut within 5 s if it is the first of its connection, and within 10 s if it is
a later one. A slow body gets 408 after 2.5 s, and its connection is closed within 1 s of the 408. A
client that does not read its answers is cut after 30 s. A client that sends a byte now and then
gains no time. Each limit has a tolerance of half a second for a busy machine.
"""
import socket, threading, time

from client import CREDENTIALS, GOOD, HEALTH, HOOK, JSON, Crowd, read_answer
from service import Report, Service, options

GRACE = 0.5
POST = f"POST {HOOK} HTTP/1.1\r\nHost: localhost\r\n{CREDENTIALS}\r\n{JSON}\r\n"
WITH_LENGTH = f"{POST}Content-Length: 1000\r\n\r\n{{".encode()
CHUNKED = f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n".encode()
# Each case has the first bytes of a request, and the bytes that follow now and then.
HEADS = {"silent": (b"", b""), "stalled": (b"POST / HTTP/1.1\r\nX", b""), "dripping": (b"POST / HTTP/1.1\r\nX", b"x"),
         "of two bytes, dripping": (b"PO", b"x")}
BODIES = {"with a length, stalled": (WITH_LENGTH, b""), "with a length, dripping": (WITH_LENGTH, b" "),
          "in chunks, stalled": (CHUNKED, b""), "in chunks, dripping": (CHUNKED, b"1\r\n \r\n")}


class Slow(threading.Thread):
    """One slow client. Measures the time until it was answered, and until it was cut."""

    def __init__(self, address, begin, drip, later=False):
        super().__init__(daemon=True)
        self.address, self.begin, self.drip, self.later = address, begin, drip, later
        self.answer, self.answered, self.cut = b"", None, None
        self.start()

    def run(self):
        with socket.create_connection(self.address, 10) as connection:
            if self.later:
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
    return "never" if time is None else f"{time:.1f} s"


def heads_and_bodies(report, address):
    first = {name: Slow(address, *case) for name, case in HEADS.items()}
    later = {name: Slow(address, *case, later=True) for name, case in HEADS.items() if name != "silent"}
    bodies = {name: Slow(address, *case) for name, case in BODIES.items()}
    for limit, which, slow in ((5, "first", first), (10, "later", later)):
        for name, client in slow.items():
            client.join()
            report.figure(f"{which} head, {name}", f"cut after {seconds(client.cut)}", f"within {limit} s",
                          client.cut is not None and client.cut < limit + GRACE)
    for name, client in bodies.items():
        client.join()
        timely = client.answered is not None and 2.4 < client.answered < 2.5 + GRACE
        closed = timely and client.cut is not None and client.cut - client.answered < 1 + GRACE
        report.figure(f"body {name}", f"{client.answer[9:12].decode() or 'no answer'} after "
                      f"{seconds(client.answered)}, cut after {seconds(client.cut)}",
                      "408 after 2.5 s, cut within 1 s of it", closed and client.answer[9:12] == b"408")


def reader(report, service):
    """Clients that read nothing. They cannot notice the cut, so the service's descriptors are counted."""
    # Time for the other clients' connections to close.
    time.sleep(2)
    idle = service.descriptors()
    crowd = Crowd(service.address, 20, HEALTH)
    crowd.run(2)
    begin = time.monotonic()
    held = service.descriptors() - idle
    while service.descriptors() > idle and time.monotonic() < begin + 40:
        time.sleep(0.1)
    cut, left = time.monotonic() - begin + 2, service.descriptors() - idle
    report.figure(f"{held} slow readers", f"{left} left after {cut:.1f} s", "none left after 30 s",
                  held == 20 and left <= 0 and cut < 30 + 2)
    crowd.close()


def main():
    chosen, report = options(__doc__, 120), Report()
    with Service(chosen.binary) as service:
        heads_and_bodies(report, service.address)
        if not chosen.quick:
            reader(report, service)
    report.exit()


if __name__ == "__main__":
    main()
