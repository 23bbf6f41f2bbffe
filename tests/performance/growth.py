"""How the cost grows: with the size of the body, the number of rules, the size of a list, connections and workers."""
import contextlib

from rounds import Target, load_in_rounds
from rules import ALLOWED, LIST, body_of, entries, folder_of, mixed
from servers import CORES, Hook, start_floor

BODIES = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 250 << 10]
RULES, LISTS = [1, 10, 100, 1000], [1, 1000, 100_000]
CONNECTIONS, WORKERS = [1, 32, 256, 700], [1, 2, 4]


def growth(report, binary, rounds):
    for measure in (body_size, number_of_rules, list_size, number_of_connections, number_of_workers):
        with report.attempt(measure.__name__), contextlib.ExitStack() as stack:
            measure(report, binary, rounds, stack)
        report.end_of_table()


def body_size(report, binary, rounds, stack):
    floor, hook = stack.enter_context(start_floor()), stack.enter_context(Hook(binary))
    targets = []
    for size in BODIES:
        body = body_of(size)
        targets += [Target(f"floor {size}", floor, body=body), Target(f"hook {size}", hook, body=body)]
    loaded = load_in_rounds(targets, rounds)
    report.heading("Growth: size of the body")
    report.columns("body", "CPU per request", "against the floor with the same body")
    for size in BODIES:
        report.row(f"{size >> 10} KiB", *with_ratio(loaded[f"hook {size}"], loaded[f"floor {size}"]))


def number_of_rules(report, binary, rounds, stack):
    loaded = load_in_rounds([with_rules(binary, stack, count, {"grown.toml": mixed(count)}) for count in RULES], rounds)
    report.heading("Growth: number of rules")
    report.columns("rules", "CPU per request", "against 1 rule")
    for count in RULES:
        report.row(f"{count:,}", *with_ratio(loaded[str(count)], loaded["1"]))


def list_size(report, binary, rounds, stack):
    targets = [with_rules(binary, stack, count, {"grown.toml": LIST, "entries.txt": entries(count)}) for count in LISTS]
    loaded = load_in_rounds(targets, rounds)
    report.heading("Growth: entries of a list")
    report.columns("entries", "CPU per request", "against 1 entry")
    for count in LISTS:
        report.row(f"{count:,}", *with_ratio(loaded[str(count)], loaded["1"]))


def with_rules(binary, stack, count, files):
    hook = Hook(binary, rules=stack.enter_context(folder_of(files)))
    return Target(str(count), stack.enter_context(hook), hook="grown", body=ALLOWED)


def number_of_connections(report, binary, rounds, stack):
    floor, hook = stack.enter_context(start_floor()), stack.enter_context(Hook(binary))
    targets = []
    for count in CONNECTIONS:
        targets.append(Target(f"floor {count}", floor, connections=count))
        targets.append(Target(f"hook {count}", hook, connections=count))
    loaded = load_in_rounds(targets, rounds)
    report.heading("Growth: connections")
    report.columns("connections", "CPU per request", "against the floor with as many")
    for count in CONNECTIONS:
        report.row(f"{count:,}", *with_ratio(loaded[f"hook {count}"], loaded[f"floor {count}"]))


def number_of_workers(report, binary, rounds, stack):
    targets = []
    for count in WORKERS:
        floor = stack.enter_context(start_floor(count, pinned=False))
        hook = stack.enter_context(Hook(binary, {"HOOK__SERVER__WORKERS": str(count)}, pinned=False))
        targets += [Target(f"floor {count}", floor, pinned=False), Target(f"hook {count}", hook, pinned=False)]
    loaded = load_in_rounds(targets, rounds)
    report.heading(f"Growth: workers, with wrk on the same {len(CORES)} cores")
    report.columns("workers", "CPU per request", "against the floor with as many", "requests per second", "the floor's")
    for count in WORKERS:
        hook, floor = loaded[f"hook {count}"], loaded[f"floor {count}"]
        report.row(count, *with_ratio(hook, floor), f"{hook.rate():,.0f}", f"{floor.rate():,.0f}")


def with_ratio(one, other):
    return f"{one.cpu():.1f} µs", f"{one.cpu() / other.cpu():.2f}"
