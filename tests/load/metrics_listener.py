"""The metrics listener under attack.

Promise: the probes on the metrics listener answer in time, whatever other clients do there.
Targets: 200 connections there send requests ahead and read no answer. Each takes under 128 KiB, and all
use under 2 % of a core while they stall. A good request to the hooks has a p99 under 250 ms. `/healthz`
there answers within 1 s throughout, and so it does while 300 connections drip a chunked body.
The metrics of 2,000 rules have some 200 KB. So 30 connections, which is about as many as the listener takes at a
time, read no metrics of such rules: each takes under 128 KiB, too.
"""
import tempfile

from client import GOOD, HEALTH, Crowd, Drippers, Prober, ask, request, warm
from overload import registration, write_rules
from service import MIB, REPOSITORY, Report, Service, free_port, options

CHUNKED = request("POST", "/healthz", ["Transfer-Encoding: chunked"])
METRICS = request("GET", "/metrics")
RULES = REPOSITORY / "tests/rules"


def start(binary, rules=RULES):
    port = free_port()
    service = Service(binary, {"HOOK__METRICS__BIND": f"127.0.0.1:{port}"}, rules, memory=512 * MIB)
    return service, ("127.0.0.1", port)


def probed(report, name, samples, service):
    report.figure(f"{name}, /healthz meanwhile", f"{samples}, service {service.state()}",
                  "each within 1 s, none failed", samples.failures() == 0 and samples.worst() < 1)


def stalled(report, binary, name, data, quick, rules=RULES, hook=GOOD, count=200):
    """`count` connections send `data` and read no answer. `hook` is a good request to a hook of `rules`."""
    service, metrics = start(binary, rules)
    with service:
        warm(service.address, hook)
        for _ in range(3):
            ask(metrics, METRICS)
        before = service.peak()
        health, good = Prober(metrics, HEALTH), Prober(service.address, hook)
        crowd = Crowd(metrics, count, data)
        crowd.run(2 if quick else 6)
        health, good = health.stop(), good.stop()
        begin, seconds = service.cpu(), 1 if quick else 5
        crowd.run(seconds)
        share, each = (service.cpu() - begin) / seconds, (service.peak() - before) / count
        alive = service.is_running()
        name = f"metrics listener, {name}"
        report.figure(f"{name}, memory per connection", f"{each / 1024:.0f} KiB, service {service.state()}",
                      "under 128 KiB", alive and each < 128 * 1024)
        report.figure(f"{name}, CPU while stalled", f"{share:.1%} of a core, service {service.state()}", "under 2 %",
                      alive and share < 0.02)
        report.figure(f"{name}, a good request to the hooks meanwhile", good, "p99 under 250 ms, none failed",
                      good.within(0.25))
        probed(report, name, health, service)
        crowd.close()


def dripping(report, binary, quick):
    service, metrics = start(binary)
    with service:
        health = Prober(metrics, HEALTH, pause=0.1)
        crowd = Drippers(metrics, 300, CHUNKED, b"1\r\nx\r\n", reopen=True)
        crowd.run(3 if quick else 15)
        probed(report, "metrics listener, 300 connections that drip", health.stop(), service)
        crowd.close()


def main():
    chosen, report = options(__doc__, 180), Report()
    stalled(report, chosen.binary, "tiny GET", HEALTH, chosen.quick)
    if not chosen.quick:
        stalled(report, chosen.binary, "GET /metrics", METRICS, chosen.quick)
    with tempfile.TemporaryDirectory(prefix="load-") as rules:
        write_rules(rules)
        stalled(report, chosen.binary, "GET /metrics of 2,000 rules", METRICS, chosen.quick, rules, registration(), 30)
    dripping(report, chosen.binary, chosen.quick)
    report.exit()


if __name__ == "__main__":
    main()
