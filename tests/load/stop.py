"""SIGTERM under load, and kill -9.

Promise: a graceful stop answers every request that arrived. After a crash the service starts at once.
Targets: 300 connections each write a whole request just before SIGTERM, and all get 200. Some of these
answers leave before the service handles the signal. Another 300 connections sent only a head. They are all
answered with `Connection: close`, whether the body follows or never comes. The service exits with 0 within
10 s. After kill -9 and a restart on the same address it is ready within 1 s. `.ci/replicas` tries a stop
behind a proxy that honours readiness.
"""
import contextlib, signal, socket, subprocess, time

from client import BODY, CREDENTIALS, GOOD, HOOK, JSON, ask, read_answer, request
from program import Missed, Program
from prober import Prober
from service import Service

# Connections that send a whole request, those whose body follows after SIGTERM, and those whose body never comes.
WHOLE, LATE, STUCK = 300, 280, 20
# A busy machine needs time to send all heads before the first body must be whole.
PATIENT = {"HOOK__SERVER__REQUEST_TIMEOUT": "6s"}
HEAD = request("POST", HOOK, [CREDENTIALS, JSON, f"Content-Length: {len(BODY)}"])


class Round:
    """One stop of the service.

    `opened` says when the connections that send a whole request are opened: `just before` SIGTERM, or a moment
    earlier: `new` ones have sent no other request, and `used` ones have had an answer.
    """

    def __init__(self, binary, opened):
        with Service(binary, PATIENT) as service:
            prober = Prober(service.address, pause=0)
            late, stuck = (self.connect(service, count, HEAD) for count in (LATE, STUCK))
            whole = self.connect(service, 0 if opened == "just before" else WHOLE, GOOD if opened == "used" else b"")
            if opened == "used":
                self.answers(whole)
            # Time for the service to read the heads.
            time.sleep(1)
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
                service.process.wait(max(0.1, begin + 60 - time.monotonic()))
            self.exit, self.seconds = service.process.poll(), time.monotonic() - begin
            prober.stop()
            for connection in whole + late + stuck:
                connection.close()

    def connect(self, service, count, data):
        connections = []
        for _ in range(count):
            connections.append(socket.create_connection(service.address, 30))
            connections[-1].sendall(data)
        return connections

    def answers(self, connections):
        answers = []
        for connection in connections:
            with contextlib.suppress(OSError):
                answers.append(read_answer(connection))
        return answers


def terminated(program, opened):
    count = 1 if program.quick else 3
    rounds = [Round(program.binary, opened) for _ in range(count)]
    name = f"SIGTERM, connections opened {opened}"
    whole = [answer for one in rounds for answer in one.whole]
    # An answer that leaves before the service handles the signal need not close the connection.
    closes = sum(answer.closes() for answer in whole)
    good = sum(answer.status == 200 for answer in whole)
    program.figure(f"{name}, whole requests", f"{good} of {count * WHOLE} got 200, {closes} with Connection: close",
                   "all get 200", good == count * WHOLE)
    for which, total, status in (("late", LATE, 200), ("stuck", STUCK, 408)):
        answers = [answer for one in rounds for answer in getattr(one, which)]
        good = sum(answer.status == status and answer.closes() for answer in answers)
        program.figure(f"{name}, heads whose body is {which}", f"{good} of {count * total} got {status} with "
                       "Connection: close", "all", good == count * total)
    exits, slowest = [one.exit for one in rounds], max(one.seconds for one in rounds)
    program.figure(f"{name}, exit", f"{exits} after at most {slowest:.1f} s", "0 within 10 s",
                   exits == [0] * count and slowest < 10, timed=exits == [0] * count)


def killed(program):
    """Restarts the service at its address, while connections to the killed one are open."""
    rounds, slowest = 3 if program.quick else 10, 0.0
    service = Service(program.binary)
    for _ in range(rounds):
        connections = [socket.create_connection(service.address, 5) for _ in range(50)]
        for connection in connections:
            connection.sendall(GOOD)
        service.end()
        begin = time.monotonic()
        service = Service(program.binary, port=service.address[1])
        wait_until_ready(service)
        slowest = max(slowest, time.monotonic() - begin)
        for connection in connections:
            connection.close()
    service.end()
    program.figure(f"{rounds} times kill -9 and restart, ready", f"after at most {slowest:.2f} s", "within 1 s",
                   slowest < 1, timed=True)


def wait_until_ready(service):
    while (answer := ask(service.address, request("GET", "/readyz"), 1)) is None or answer.status != 200:
        if time.monotonic() > service.started + 60:
            raise Missed("the service was not ready within 60 s")
        time.sleep(0.01)


def main():
    program = Program(__doc__)
    for opened in ("used",) if program.quick else ("used", "new", "just before"):
        program.measure(terminated, opened)
    program.measure(killed)
    program.exit()


if __name__ == "__main__":
    main()
