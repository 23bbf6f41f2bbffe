"""SIGTERM under load, and kill -9.

Promise: a graceful stop answers every request that arrived. After a crash the service starts at once.
Targets: 300 connections each write a whole request just before SIGTERM, and all are answered. Connections
that sent only a head are answered with `Connection: close`, whether the body follows or never comes.
The service exits with 0 within 10 s. After kill -9 and a restart on the same address it is ready within
1 s. `.ci/replicas` tries a stop behind a proxy that honours readiness.
"""
import contextlib, signal, socket, subprocess, time

from client import BODY, CREDENTIALS, GOOD, HOOK, JSON, Prober, ask, read_answer, request
from service import Report, Service, options

WHOLE, LATE, STUCK = 300, 20, 20
HEAD = request("POST", HOOK, [CREDENTIALS, JSON, f"Content-Length: {len(BODY)}"])


class Round:
    """One stop of the service. `opened` says when the 300 connections are opened."""

    def __init__(self, binary, opened):
        with Service(binary) as service:
            prober = Prober(service.address, pause=0)
            late, stuck = (self.connect(service, count, HEAD) for count in (LATE, STUCK))
            whole = self.connect(service, 0 if opened == "just before" else WHOLE, GOOD if opened == "used" else b"")
            if opened == "used":
                self.answers(whole)
            # Time for the service to read the heads.
            time.sleep(0.2)
            for connection in whole:
                connection.sendall(GOOD)
            if opened == "just before":
                whole = self.connect(service, WHOLE, GOOD)
            service.process.send_signal(signal.SIGTERM)
            begin = time.monotonic()
            self.whole = self.answers(whole)
            for connection in late:
                with contextlib.suppress(OSError):
                    connection.sendall(BODY)
            self.late, self.stuck = self.answers(late), self.answers(stuck)
            with contextlib.suppress(subprocess.TimeoutExpired):
                service.process.wait(max(0.1, begin + 15 - time.monotonic()))
            self.exit, self.seconds = service.process.poll(), time.monotonic() - begin
            prober.stop()
            for connection in whole + late + stuck:
                connection.close()

    def connect(self, service, count, data):
        connections = []
        for _ in range(count):
            connections.append(socket.create_connection(service.address, 12))
            connections[-1].sendall(data)
        return connections

    def answers(self, connections):
        answers = []
        for connection in connections:
            with contextlib.suppress(OSError):
                answers.append(read_answer(connection))
        return answers


def terminated(report, binary, opened, count):
    rounds = [Round(binary, opened) for _ in range(count)]
    name = f"SIGTERM, connections opened {opened}"
    whole = [answer for one in rounds for answer in one.whole]
    # An answer that leaves before the service handles the signal need not close the connection.
    closes = sum(answer.closes() for answer in whole)
    report.figure(f"{name}, whole requests", f"{len(whole)} of {count * WHOLE} answered, {closes} with Connection: "
                  "close", "all answered", len(whole) == count * WHOLE)
    for which, total, status in (("late", LATE, 200), ("stuck", STUCK, 408)):
        answers = [answer for one in rounds for answer in getattr(one, which)]
        good = sum(answer.status == status and answer.closes() for answer in answers)
        report.figure(f"{name}, heads whose body is {which}", f"{good} of {count * total} got {status} with "
                      "Connection: close", "all", good == count * total)
    exits, slowest = [one.exit for one in rounds], max(one.seconds for one in rounds)
    report.figure(f"{name}, exit", f"{exits} after at most {slowest:.1f} s", "0 within 10 s",
                  exits == [0] * count and slowest < 10.5)


def killed(report, binary, rounds):
    """Restarts the service at its address, while connections to the killed one are open."""
    times = []
    service = Service(binary)
    for _ in range(rounds):
        connections = [socket.create_connection(service.address, 5) for _ in range(50)]
        for connection in connections:
            connection.sendall(GOOD)
        service.end()
        begin = time.monotonic()
        service = Service(binary, port=service.address[1])
        ready = request("GET", "/readyz")
        while (answer := ask(service.address, ready, 1)) is None or answer.status != 200:
            time.sleep(0.01)
        times.append(time.monotonic() - begin)
        for connection in connections:
            connection.close()
    service.end()
    report.figure(f"{rounds} times kill -9 and restart, ready", f"after at most {max(times):.2f} s", "within 1 s",
                  max(times) < 1)


def main():
    chosen, report = options(__doc__, 240), Report()
    for opened in ("used",) if chosen.quick else ("used", "new", "just before"):
        terminated(report, chosen.binary, opened, 1 if chosen.quick else 3)
    killed(report, chosen.binary, 3 if chosen.quick else 10)
    report.exit()


if __name__ == "__main__":
    main()
