"""Out of file descriptors, log disk full, log pipe blocked.

Promise: the service survives a lack of descriptors. A log that cannot be written affects no answer.
Targets: with 64 descriptors and 200 connections the service does not crash, and answers again within 2 s
after the client closed them. With decisions on a full disk, or on a pipe without a reader, no request
fails, and the p99 is within 10 % of that of a service that logs to /dev/null.
"""
import contextlib, os, random, time

from client import GOOD, ask, connect, read_answer
from crowd import Drippers
from program import Program
from prober import Samples
from service import Service

PASSES = 5


def descriptors(program):
    with Service(program.binary) as service:
        service.limit_descriptors(64)
        crowd = Drippers(service.address, 200, reopen=True)
        crowd.run(1 if program.quick else 8)
        begin, seconds = service.cpu(), 1
        time.sleep(seconds)
        share = (service.cpu() - begin) / seconds
        crowd.close()
        end = time.monotonic()
        while (answer := ask(service.address, GOOD)) is None or answer.status != 200:
            if time.monotonic() > end + 60:
                break
            time.sleep(0.01)
        recovered = time.monotonic() - end
        program.note(f"without descriptors it used {share:.0%} of a core")
        program.figure("out of descriptors", f"service {service.state()}, answers again after {recovered:.1f} s",
                       "runs, answers within 2 s", service.is_running() and recovered < 2,
                       timed=service.is_running() and recovered < 60)


def logs(program):
    """Sends requests to three services in turn, so that other work of this machine delays all alike."""
    count = 1000 if program.quick else 8000
    unread, pipe = os.pipe()
    with contextlib.ExitStack() as stack:
        outputs = [stack.enter_context(open(path, "wb")) for path in ("/dev/null", "/dev/full")]
        services = [stack.enter_context(Service(program.binary, stdout=output)) for output in [*outputs, pipe]]
        connections = [stack.enter_context(open_to(service)) for service in services]
        # Fills the pipe.
        in_turn(connections, 1000)
        passes = [in_turn(connections, count) for _ in range(PASSES)]
        for place, name in ((1, "log disk full"), (2, "log pipe blocked")):
            failures = sum(each[place].failures() for each in passes)
            program.figure(name, f"{failures} of {PASSES * count} requests failed", "none", failures == 0)
            slower = sorted(each[place].p99() / each[0].p99() - 1 for each in passes)
            median = slower[PASSES // 2]
            compared = f"{median:+.0%}, the median of {PASSES} comparisons from {slower[0]:+.0%} to {slower[-1]:+.0%}"
            if program.quick:
                program.note(f"{name}, p99: {compared}; too few requests to judge by")
            else:
                program.figure(f"{name}, p99", compared, "within 10 %", median < 0.1, timed=True)
    os.close(unread)
    os.close(pipe)


def open_to(service):
    connection = connect(service.address)
    connection.settimeout(10)
    return connection


def in_turn(connections, count):
    """Returns samples of each connection. The order changes, because a later request may be faster."""
    pairs = [(connection, Samples()) for connection in connections]
    order = list(pairs)
    for _ in range(count):
        for connection, samples in order:
            begin, status = time.monotonic(), 0
            try:
                connection.sendall(GOOD)
                status = read_answer(connection).status
            except OSError:
                pass
            samples.append((begin, time.monotonic() - begin, status))
        random.shuffle(order)
    return [samples for _, samples in pairs]


def main():
    program = Program(__doc__)
    program.measure(descriptors)
    program.measure(logs)
    program.exit()


if __name__ == "__main__":
    main()
