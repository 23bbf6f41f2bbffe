"""Requests sent ahead whose answers are not read.

Promise: requests that a client sends ahead take a bounded amount of memory and no CPU. They do not delay
the requests of others.
Targets: 200 such connections take under 128 KiB each (with credentials, a body more), and under 2 % of a
core while they stall. A good request's p99 is under 250 ms meanwhile. A service that has 256 MiB survives
1,500 such connections. One client reads its answers and sends 4,000 requests per write: the p99 of others
is under 100 ms.
"""
from client import BODY, GOOD, HEALTH, HOOK, JSON, Crowd, Prober, request, warm
from service import MIB, Report, Service, options

CONNECTIONS, MEMORY_EACH = 200, 128 * 1024
BIG_HEAD = request("GET", "/healthz", [f"X-{number}: {'x' * 1000}" for number in range(12)])
KINDS = {
    "tiny GET": (HEALTH, 0),
    "head of 12 KiB": (BIG_HEAD, 0),
    "POST without credentials": (request("POST", HOOK, [JSON], b""), 0),
    "POST with credentials": (GOOD, len(BODY)),
}


def stalled(report, binary, kind, quick):
    """Measures memory, CPU and a good request's time while 200 connections do not read."""
    data, body = KINDS[kind]
    with Service(binary, memory=512 * MIB) as service:
        warm(service.address)
        prober, before = Prober(service.address), service.peak()
        crowd = Crowd(service.address, CONNECTIONS, data)
        crowd.run(2 if quick else 6)
        samples = prober.stop()
        # The prober costs CPU; the figure is for the stalled connections alone.
        begin, seconds = service.cpu(), 1 if quick else 5
        crowd.run(seconds)
        share = (service.cpu() - begin) / seconds
        each = (service.peak() - before) / CONNECTIONS
        alive = service.is_running()
        report.figure(f"{kind}, memory per connection", f"{each / 1024:.0f} KiB, service {service.state()}",
                      f"under {(MEMORY_EACH + body) / 1024:.0f} KiB", alive and each < MEMORY_EACH + body)
        report.figure(f"{kind}, CPU while stalled", f"{share:.1%} of a core, service {service.state()}", "under 2 %",
                      alive and share < 0.02)
        report.figure(f"{kind}, a good request meanwhile", samples, "p99 under 250 ms, none failed",
                      samples.within(0.25))
        crowd.close()


def killing(report, binary, kind, quick):
    """1,500 connections that read nothing, and 256 MiB."""
    with Service(binary, {"HOOK__SERVER__MAX_CONNECTIONS": "1500"}, memory=256 * MIB) as service:
        crowd = Crowd(service.address, 1500, KINDS[kind][0])
        crowd.run(2 if quick else 8)
        peak = f"peak {service.peak() / MIB:.0f} MiB, " if service.is_running() else ""
        report.figure(f"{kind}, 1,500 connections in 256 MiB", f"{peak}service {service.state()}", "runs",
                      service.is_running())
        crowd.close()


def reading(report, binary, quick):
    """A client that reads its answers and sends 4,000 requests per write."""
    with Service(binary) as service:
        # A new connection for each request, because a connection stays with its worker.
        prober = Prober(service.address)
        crowd = Crowd(service.address, 1, HEALTH * 4000, read=True)
        crowd.run(2 if quick else 8)
        samples = prober.stop()
        report.note(f"the client that reads had {crowd.sent // len(HEALTH)} requests taken")
        report.figure("4,000 requests per write, others meanwhile", f"{samples}, service {service.state()}",
                      "p99 under 100 ms, none failed", samples.within(0.1))
        crowd.close()


def main():
    chosen, report = options(__doc__, 240), Report()
    for kind in ("tiny GET", "POST with credentials") if chosen.quick else KINDS:
        stalled(report, chosen.binary, kind, chosen.quick)
    for kind in ("tiny GET",) if chosen.quick else KINDS:
        killing(report, chosen.binary, kind, chosen.quick)
    reading(report, chosen.binary, chosen.quick)
    report.exit()


if __name__ == "__main__":
    main()
