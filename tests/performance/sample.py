"""The service beside Okta's sample of a hook, an Express application for Node. npm puts it in a temporary folder."""
import contextlib, os, pathlib, shutil, subprocess, tempfile, time

from open_loop import percentile, request_of, send_at_rate
from instructions import send
from rounds import Target, load_in_rounds
from servers import LOAD_CORES, MIB, PERFORMANCE, Command, Hook, Missed, on_cores, start_floor

# The sample cannot serve many more.
RATE = 500


def sample(report, binary, rounds):
    report.heading("Beside Okta's sample")
    if not shutil.which("npm"):
        raise Missed("`npm` is not installed")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="okta-sample-")))
        for name in ("package.json", "package-lock.json", "server.js"):
            shutil.copy(PERFORMANCE / "okta-sample" / name, folder)
        installed = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(installed, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        log = stack.enter_context(discarded())
        starts = {
            "empty handler": start_floor,
            "registration-hook": lambda: Hook(binary),
            "Okta's sample": lambda: Command(["node", folder / "server.js", "PORT"], environment=dict(os.environ),
                                             stdout=log),
        }
        targets = [Target(name, None) for name in starts]
        ready = {target.name: time_to_first_answer(target, starts[target.name], stack) for target in targets}
        loaded = load_in_rounds(targets, rounds)
        floor = loaded["empty handler"]
        report.columns("", "CPU per request", "against the empty handler", "requests per second",
                       f"p99 at {RATE} per second", "resident memory", "start to first answer")
        for target in loaded.values():
            report.row(target.name, f"{target.cpu():.1f} µs", f"{target.cpu() / floor.cpu():.1f}",
                       f"{target.rate():,.0f}", f"{p99_at_rate(target):,.0f} µs",
                       f"{target.server.resident() / MIB:.0f} MiB", f"{ready[target.name] * 1000:,.0f} ms")
    report.end_of_table()


def time_to_first_answer(target, start, stack):
    """Starts the server of a target five times, and leaves it running. Returns the shortest time."""
    times = []
    for _ in range(5):
        if target.server:
            target.server.end()
        target.server = start()
        send(target.server.address, request_of(target), 1)
        times.append(time.monotonic() - target.server.started)
    stack.callback(target.server.end)
    return min(times)


def p99_at_rate(target):
    """The p99 of the best of three rounds, in microseconds."""
    with on_cores(LOAD_CORES):
        runs = [send_at_rate(target, RATE, 3) for _ in range(3)]
    return min(percentile(times, 0.99) for times, _ in runs) * 1e6


@contextlib.contextmanager
def discarded():
    """A pipe whose content is discarded, as for the decisions of the service."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
        try:
            yield reader.stdin
        finally:
            reader.kill()
