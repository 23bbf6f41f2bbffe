"""1,000 reloads under load.

Promise: a reload replaces all or nothing, and leaks nothing. An invalid file changes nothing.
Targets: the rules change 1,000 times, and every tenth version is invalid. No request fails. From the first
tenth to the last reload, memory grows by less than 2 MiB, and the number of descriptors does not grow.
"""
import os, pathlib, re, shutil, signal, tempfile, time

from client import ask, request
from program import REPOSITORY, Missed, Program
from prober import Prober, milliseconds
from service import MIB, Service, with_metrics_listener

RULES = REPOSITORY / "tests/guide/rules"
METRICS = request("GET", "/metrics")
RELOADS = re.compile(rb'rules_reloads_total\{result="(\w+)"\} (\d+)')


def reload(program):
    count = 40 if program.quick else 1000
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        rules = pathlib.Path(folder, "rules")
        shutil.copytree(RULES, rules)
        settings = with_metrics_listener() | {"HOOK__RULES__RELOAD": "100ms"}
        with Service(program.binary, settings, rules=rules) as service:
            probers = [Prober(service.address, fresh=False, pause=0.001), Prober(service.address, pause=0.001)]
            begin = time.monotonic()
            for number in range(1, count + 1):
                change(rules, number)
                service.process.send_signal(signal.SIGHUP)
                wait_for_reload(service, number)
                if number == count // 10:
                    memory, descriptors = service.resident(), service.descriptors()
            each = (time.monotonic() - begin) / count
            kept, fresh = (prober.stop() for prober in probers)
            # Connections that have just ended take a moment to close.
            end = time.monotonic() + 30
            while service.descriptors() > descriptors and time.monotonic() < end:
                time.sleep(0.1)
            results = reloads(service)
            growth, more = service.resident() - memory, service.descriptors() - descriptors
    for name, samples in (("one connection", kept), ("new connections", fresh)):
        program.figure(f"{count} reloads, on {name}", samples, "none failed",
                       len(samples) > 0 and samples.failures() == 0, timed=samples.may_be_noise())
    program.figure(f"{count} reloads, results", results, f"{count // 10} are invalid",
                   sorted(results.values()) == [count // 10, count - count // 10])
    program.figure(f"{count} reloads, memory and descriptors", f"{growth / MIB:+.1f} MiB, {more:+d} descriptors, "
                   f"{milliseconds(each)} per reload", "less than 2 MiB more, none more",
                   growth < 2 * MIB and more <= 0)


def change(rules, number):
    """Replaces a rules file by another revision. Every tenth one is invalid."""
    name = "registrationHookSSR.toml"
    text = (RULES / name).read_text() + f"\n# revision {number}\n" + ("[\n" if number % 10 == 0 else "")
    written = rules / f".{name}"
    written.write_text(text)
    os.replace(written, rules / name)


def wait_for_reload(service, number):
    """Waits until the service has applied or rejected this many changes."""
    end = time.monotonic() + 60
    while sum(reloads(service).values()) < number:
        if time.monotonic() > end:
            raise Missed(f"reload {number} did not happen within 60 s")
        time.sleep(0.01)


def reloads(service):
    """How many reloads had each result."""
    answer = ask(service.metrics, METRICS)
    return {result.decode(): int(count) for result, count in RELOADS.findall(answer.body if answer else b"")}


def main():
    program = Program(__doc__)
    program.measure(reload)
    program.exit()


if __name__ == "__main__":
    main()
