"""Out of file descriptors, log disk full, log pipe blocked.

Promise: the service survives a lack of descriptors. A log that cannot be written affects no answer.
Targets: with 64 descriptors and 200 connections the service does not crash, and answers again within 2 s
after the client closed them. With decisions on a full disk, or on a pipe without a reader, no request
fails, and the p99 is within 10 % of that of a service that logs to /dev/null.
"""
import contextlib, os, random, time

from client import GOOD, Drippers, Samples, ask, connect, read_answer
from service import Report, Service, options

PASSES = 5

def descriptors(report, binary, quick):
    with Service(binary) as service:
        service.limit_descriptors(64)
        crowd = Drippers(service.address, 200, reopen=True)
        crowd.run(1 if quick else 8)
        begin, seconds = service.cpu(), 1
        time.sleep(seconds)
        share = (service.cpu() - begin) / seconds
        crowd.close()
        end = time.monotonic()
        answer = ask(service.address, GOOD)
        recovered = time.monotonic() - end
        report.note(f"without descriptors it used {share:.0%} of a core")
        report.figure("out of descriptors", f"service {service.state()}, answers again after {recovered:.1f} s",
                      "runs, answers within 2 s", answer is not None and answer.status == 200 and recovered < 2)


def logs(report, binary, quick):
    """Sends requests to three services in turn, so that other work of this machine delays all alike."""
    count = 1000 if quick else 8000
    unread, pipe = os.pipe()
    with contextlib.ExitStack() as stack:
        outputs = [stack.enter_context(open(path, "wb")) for path in ("/dev/null", "/dev/full")]
        services = [stack.enter_context(Service(binary, stdout=output)) for output in [*outputs, pipe]]
        connections = [stack.enter_context(open_to(service)) for service in services]
        # Fills the pipe.
        in_turn(connections, 1000)
        passes = [in_turn(connections, count) for _ in range(PASSES)]
        for place, name in ((1, "log disk full"), (2, "log pipe blocked")):
            failures = sum(each[place].failures() for each in passes)
            report.figure(name, f"{failures} of {PASSES * count} requests failed", "none", failures == 0)
            slower = sorted(each[place].p99() / each[0].p99() - 1 for each in passes)
            median = slower[PASSES // 2]
            compared = f"{median:+.0%}, the median of {PASSES} comparisons from {slower[0]:+.0%} to {slower[-1]:+.0%}"
            if quick:
                report.note(f"{name}, p99: {compared}; too few requests to judge by")
            else:
                report.figure(f"{name}, p99", compared, "within 10 %", median < 0.1)
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
    chosen, report = options(__doc__, 120), Report()
    descriptors(report, chosen.binary, chosen.quick)
    logs(report, chosen.binary, chosen.quick)
    report.exit()


if __name__ == "__main__":
    main()
