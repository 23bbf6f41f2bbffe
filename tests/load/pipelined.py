"""Requests sent ahead whose answers are not read, to the hooks and to the metrics listener.

Promise: requests that a client sends ahead take a bounded amount of memory and no CPU. They do not delay
the requests of others.
Targets: 200 such connections take under 128 KiB each (with credentials, a body more), and under 1 % of a
core while they stall. A good request's p99 is under 250 ms meanwhile. If the connections are to the metrics
listener, `/healthz` there answers within 1 s. 30 connections, about as many as that listener takes at a time,
do not read the metrics of 2,000 rules: each takes under 128 KiB, although the text is longer. A service that
has 256 MiB survives 1,500 connections that do not read. One client reads its answers and sends 4,000 requests
per write: the p99 of others is under 100 ms.
"""
import tempfile

from bodies import LIMIT, at_the_limit
from client import BODY, CREDENTIALS, GOOD, HEALTH, HOOK, JSON, request, warm
from crowd import Crowd
from overload import registration, write_rules
from program import Program
from prober import Prober
from service import MIB, Service, with_metrics_listener

CONNECTIONS, MEMORY_EACH = 200, 128 * 1024
BIG_HEAD = request("GET", "/healthz", [f"X-{number}: {'x' * 1000}" for number in range(12)])
METRICS = request("GET", "/metrics")
# Each kind has a request, and the size of the body that the service may keep of it.
KINDS = {
    "hooks": {
        "tiny GET": (HEALTH, 0),
        "head of 12 KiB": (BIG_HEAD, 0),
        "POST without credentials": (request("POST", HOOK, [JSON], b""), 0),
        "POST with credentials": (GOOD, len(BODY)),
        "POST at the limit": (request("POST", HOOK, [CREDENTIALS, JSON], at_the_limit()), LIMIT),
    },
    "metrics listener": {
        "tiny GET": (HEALTH, 0),
        "GET /metrics": (METRICS, 0),
        "head of 12 KiB": (BIG_HEAD, 0),
        "body of 256 KiB": (request("GET", "/healthz", [], bytes(LIMIT)), 0),
    },
}


def start(program, listener, memory):
    """Returns a service, and the address to attack."""
    service = Service(program.binary, with_metrics_listener(), memory=memory)
    return service, service.address if listener == "hooks" else service.metrics


def stalled(program, listener, kind):
    """Measures memory, CPU and the time of other requests while 200 connections do not read."""
    data, body = KINDS[listener][kind]
    name, most = f"{listener}, {kind}", MEMORY_EACH + body
    service, address = start(program, listener, 512 * MIB)
    with service:
        warm(address, data)
        warm(service.address, GOOD)
        before = service.peak()
        good, health = Prober(service.address), Prober(service.metrics, HEALTH)
        crowd = Crowd(address, CONNECTIONS, data)
        crowd.run(2 if program.quick else 6)
        crowd.run_until_stalled()
        good, health = good.stop(), health.stop()
        # The probers cost CPU; the figure is for the stalled connections alone.
        begin, seconds = service.cpu(), 2 if program.quick else 5
        crowd.run(seconds)
        share = (service.cpu() - begin) / seconds
        each, state = (service.peak() - before) / CONNECTIONS, service.state()
        program.note(f"{name}: the service took {crowd.sent // len(data)} requests, and closed {crowd.closed} connections")
        program.figure(f"{name}, memory per connection", f"{each / 1024:.0f} KiB, service {state}",
                       f"under {most / 1024:.0f} KiB", service.is_running() and each < most)
        program.figure(f"{name}, CPU while stalled", f"{share:.1%} of a core, service {state}", "under 1 %",
                       service.is_running() and share < 0.01, timed=service.is_running())
        program.figure(f"{name}, a good request meanwhile", good, "p99 under 250 ms, none failed", good.within(0.25),
                       timed=good.may_be_noise())
        if listener == "metrics listener":
            program.figure(f"{name}, /healthz there meanwhile", health, "each within 1 s, none failed",
                           health.each_within(1), timed=health.may_be_noise())
        crowd.close()


def many_rules(program):
    """Measures memory while 30 connections do not read the metrics of 2,000 rules."""
    count = 30
    with tempfile.TemporaryDirectory(prefix="load-") as rules:
        write_rules(rules)
        with Service(program.binary, with_metrics_listener(), rules) as service:
            warm(service.address, registration())
            warm(service.metrics, METRICS)
            before = service.peak()
            crowd = Crowd(service.metrics, count, METRICS)
            crowd.run(2 if program.quick else 6)
            each, state = (service.peak() - before) / count, service.state()
            program.figure("metrics listener, GET /metrics of 2,000 rules, memory per connection",
                           f"{each / 1024:.0f} KiB, service {state}", f"under {MEMORY_EACH // 1024} KiB",
                           service.is_running() and each < MEMORY_EACH)
            crowd.close()


def killing(program, listener, kind):
    """1,500 connections that read nothing, and 256 MiB."""
    service, address = start(program, listener, 256 * MIB)
    with service:
        crowd = Crowd(address, 1500, KINDS[listener][kind][0])
        crowd.run(2 if program.quick else 8)
        peak, state = service.peak(), service.state()
        program.figure(f"{listener}, {kind}, 1,500 connections in 256 MiB", f"peak {peak / MIB:.0f} MiB, service {state}",
                       "runs", service.is_running() and peak < 256 * MIB)
        crowd.close()


def reading(program):
    """A client that reads its answers and sends 4,000 requests per write."""
    with Service(program.binary) as service:
        # A new connection for each request, because a connection stays with its worker.
        prober = Prober(service.address)
        crowd = Crowd(service.address, 1, HEALTH * 4000, read=True)
        crowd.run(2 if program.quick else 8)
        samples = prober.stop()
        program.note(f"the client that reads had {crowd.sent // len(HEALTH)} requests taken")
        program.figure("4,000 requests per write, others meanwhile", f"{samples}, service {service.state()}",
                       "p99 under 100 ms, none failed", samples.within(0.1),
                       timed=service.is_running() and samples.may_be_noise())
        crowd.close()


def main():
    program = Program(__doc__)
    for listener, kinds in KINDS.items():
        for kind in ("tiny GET",) if program.quick else kinds:
            program.measure(stalled, listener, kind)
            # 1,500 bodies at the limit with credentials may take more than 256 MiB.
            if kind != "POST at the limit":
                program.measure(killing, listener, kind)
    program.measure(many_rules)
    program.measure(reading)
    program.exit()


if __name__ == "__main__":
    main()
