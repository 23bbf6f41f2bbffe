"""The steps of a request, by `cargo bench`: the shortest time and the allocations of each."""
import re, subprocess

from servers import REPOSITORY

# Names in the output form a tree, with three characters per level.
ENTRY = re.compile(r"((?:│  |   )*)[├╰]─ (\S+) +(\S+ [nµm]?s)? *│")


def steps(report):
    ended = subprocess.run(["cargo", "bench", "--quiet", "--locked", "--bench", "cost"], cwd=REPOSITORY, text=True,
                           stdout=subprocess.PIPE, check=True)
    report.columns("benchmark", "time", "allocations")
    for name, runs in benchmarks(ended.stdout).items():
        times = " · ".join(f"{argument}: {time}" if argument else time for argument, time, _ in runs)
        report.row(f"`{name}`", times, " · ".join(str(allocations) for _, _, allocations in runs))
    report.end_of_table()


def benchmarks(output):
    """The runs of each benchmark, each as `[argument, time, allocations]`."""
    found, path, run, counted = {}, [], None, False
    for line in output.splitlines():
        entry = ENTRY.match(line)
        if entry:
            path = path[:len(entry[1]) // 3] + [entry[2]]
            if entry[3]:
                # A path is the module, the benchmark and its argument, if it has one.
                run = [path[2] if len(path) > 2 else "", entry[3], 0]
                found.setdefault(path[1], []).append(run)
        elif counted:
            run[2] += round(float(re.search(r"[\d.]+", line)[0]))
            counted = False
        else:
            # The next line has the number of allocations. A buffer that grows is allocated again.
            counted = re.match(r"[│ ]*(alloc|grow):", line) is not None
    return found
