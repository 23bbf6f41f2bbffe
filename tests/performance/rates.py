"""The time of an answer at a fixed rate of requests, beside the floor's in the same run."""
import contextlib, sys

from open_loop import percentile, send_at_rate
from rounds import Target
from servers import LOAD_CORES, Hook, on_cores, start_floor

RATES = [1000, 5000]
SHARES = [0.5, 0.99, 0.999]


def rates(report, binary, rounds, seconds):
    report.heading("Open loop")
    report.columns("requests per second", "server", "p50", "p99", "p99.9", "client late by at most")
    with contextlib.ExitStack() as stack:
        floor, hook = stack.enter_context(start_floor()), stack.enter_context(Hook(binary))
        targets = [Target("floor", floor), Target("service", hook)]
        for target in targets:
            target.load(1)
        for rate in RATES:
            found = {target.name: [] for target in targets}
            for number in range(rounds):
                print(f"  {rate} per second, round {number + 1} of {rounds}", file=sys.stderr, flush=True)
                for target in targets:
                    with on_cores(LOAD_CORES):
                        found[target.name].append(send_at_rate(target, rate, seconds))
            for name, runs in found.items():
                # The best round, since other work of the machine only adds.
                best = [min(percentile(times, share) for times, _ in runs) for share in SHARES]
                late = min(late for _, late in runs)
                report.row(f"{rate:,}", name, *map(microseconds, [*best, late]))
    report.end_of_table()


def microseconds(seconds):
    return f"{seconds * 1e6:,.0f} µs"
