"""Compares the service with an empty handler of actix-web (the floor), and with Okta's sample.

Prints the tables of docs/performance.md. Exits with 1 if a target is missed. `tests/performance/run` builds what
it needs and calls it. Needs Linux, Python 3, `openssl` and `wrk`; for the instructions, `valgrind`; for Okta's
sample, Node and `npm`. Everything listens on loopback, and ends with this program.

Other work of the machine makes figures larger, and never smaller. So a figure is that of the best round. Repeat a
run whose rounds differ by more than a tenth.

  parts     targets   what the service must and should cost, against the floor and against itself
            steps     each step of a request, by `cargo bench`
            growth    the cost by size of the body, rules, list, connections and workers
            rates     the time of an answer at 1,000 and 5,000 requests per second
            shares    where the instructions of a request go
            sample    the service beside Okta's sample
"""
import argparse, pathlib, shutil, signal, sys

from servers import FLOOR
from growth import growth
from program import default_binary
from rates import rates
from report import Report
from sample import sample
from shares import shares
from steps import steps
from targets import targets

PARTS = ["targets", "shares", "steps", "growth", "rates", "sample"]
# A run that takes longer hangs.
SECONDS = 1800


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="the parts to measure; default: all")
    parser.add_argument("--binary", type=pathlib.Path, default=default_binary(), help="the program to measure")
    parser.add_argument("--rounds", type=int, default=8, help="rounds of the targets, a second per server; default: 8")
    parser.add_argument("--write", action="store_true", help="also write the tables into docs/performance.md")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"`{part}` is not a part; the parts are {', '.join(PARTS)}")
    for needed in (options.binary, FLOOR):
        if not needed.is_file():
            parser.error(f"{needed}: no such program; `tests/performance/run` builds it")
    if not shutil.which("wrk"):
        parser.error("`wrk` is not installed; on Debian, `apt-get install wrk` does it")
    # An exit runs the handlers that end the child processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not finished within {SECONDS} s"))
    signal.alarm(SECONDS)
    report, binary = Report(), options.binary.resolve()
    for part in options.parts or PARTS:
        with report.part(part):
            measure(part, report, binary, options.rounds)
    if options.write:
        report.write_page()
    if report.missed:
        sys.exit(f"missed: {', '.join(report.missed)}")


def measure(part, report, binary, rounds):
    fewer = max(1, rounds // 2)
    match part:
        case "targets":
            report.machine(binary)
            targets(report, binary, rounds)
        case "steps":
            steps(report)
        case "growth":
            growth(report, binary, fewer)
        case "rates":
            rates(report, binary, fewer, seconds=4)
        case "shares":
            shares(report, binary)
        case "sample":
            sample(report, binary, fewer)


if __name__ == "__main__":
    main()
