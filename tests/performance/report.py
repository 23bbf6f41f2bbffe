"""Prints figures as tables in Markdown."""
import contextlib, datetime, os, pathlib, platform, re, subprocess, sys

from servers import REPOSITORY, Missed

PAGE = REPOSITORY / "docs/performance.md"


class Report:
    """The tables of each part, and the targets that were missed."""

    def __init__(self):
        self.missed, self.parts, self.lines = [], {}, []

    @contextlib.contextmanager
    def part(self, name):
        """Collects the lines of a part."""
        self.lines = self.parts[name] = []
        with self.attempt(name):
            yield

    @contextlib.contextmanager
    def attempt(self, name):
        """A measurement whose failure is recorded, and does not end the whole run."""
        try:
            yield
        except (Missed, OSError, subprocess.SubprocessError) as error:
            self.missed.append(name)
            self.note(f"Not measured: {error}")

    def say(self, line=""):
        self.lines.append(line)
        print(line, flush=True)

    def machine(self, binary):
        """Says where and when the figures were measured."""
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        self.say(f"Measured on {datetime.date.today()} with the profile `{binary.parent.name}`, on {os.cpu_count()} "
                 f"cores ({model[1] if model else platform.machine()}) with Linux {platform.release().split('-')[0]}. "
                 f"The load average was {os.getloadavg()[0]:.1f} before.")
        self.say()

    def heading(self, text):
        self.say(f"## {text}")
        self.say()
        progress(text)

    def note(self, text):
        self.say(text)
        self.say()

    def noise(self, targets):
        """Says how far the rounds of a server differ: of a typical one, and of the worst one."""
        spreads = sorted(target.spread() for target in targets)
        progress(f"  rounds differ by {spreads[len(spreads) // 2]:.0%} (median), {spreads[-1]:.0%} (worst)")

    def columns(self, *names):
        self.row(*names)
        self.row(*["---"] * len(names))

    def target_columns(self):
        self.columns("", "measured", "must", "aim", "holds")

    def at_most(self, name, measured, must, aim, form="{:.2f}"):
        """A row of a figure that must not be larger than `must`, and should not be larger than `aim`."""
        holds = "aim" if measured <= aim else "must" if measured <= must else "**no**"
        if measured > must:
            self.missed.append(name)
        self.row(name, *(form.format(number) for number in (measured, must, aim)), holds)

    def row(self, *cells):
        self.say(f"| {' | '.join(map(str, cells))} |")

    def end_of_table(self):
        self.say()

    def write_page(self):
        """Replaces the tables of the page by those of this run."""
        text = PAGE.read_text()
        for part, lines in self.parts.items():
            begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
            before, _, rest = text.partition(begin)
            _, _, after = rest.partition(end)
            text = f"{before}{begin}{chr(10).join(lines).strip()}\n{end}{after}"
        PAGE.write_text(text)


def progress(text):
    print(text, file=sys.stderr, flush=True)
