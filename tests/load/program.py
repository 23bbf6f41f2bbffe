"""A load program: its command line, its measurements, and the figures that it prints."""
import argparse, os, pathlib, resource, signal, sys, time

from noise import Noise

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
# A measurement that noise makes miss its targets is repeated for so many seconds: all of them, and the quick ones.
PATIENCE, QUICK_PATIENCE = 120, 30
# A measurement that takes longer hangs.
SECONDS = 570


class Missed(Exception):
    """A measurement cannot go on, because the service did not do what it must."""


class Late(Missed):
    """The service did not do it in time. A busy machine can be the cause."""


class Program:
    """Reads the command line. Prints one line per figure, and remembers whether a target was missed."""

    def __init__(self, description):
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
        parser.add_argument("--binary", type=pathlib.Path, default=default_binary(), help="the program to measure")
        parser.add_argument("--quick", action="store_true", help="fewer and shorter steps, for CI")
        options = parser.parse_args()
        if not options.binary.is_file():
            parser.error(f"{options.binary}: no such program; build it with `cargo build --profile dist --locked`")
        self.binary, self.quick = options.binary.resolve(), options.quick
        # `misses` counts the measurements that missed. The others are about the current one: whether a figure missed
        # its target, and whether one did that noise cannot explain.
        self.misses, self.missed, self.failed = 0, False, False
        # An exit runs the handlers that end the child processes.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
        signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"misses  not finished within {SECONDS} s"))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def measure(self, measurement, *arguments):
        """Calls `measurement(self, *arguments)`, which prints figures. Repeats it if noise made it miss a target.

        If noise lasts, a figure that noise can explain is not judged. The others count.
        """
        patience = QUICK_PATIENCE if self.quick else PATIENCE
        end = time.monotonic() + patience
        while True:
            signal.alarm(SECONDS)
            self.missed, self.failed, noise = False, False, Noise()
            try:
                measurement(self, *arguments)
            except (Missed, OSError) as error:
                self.figure(measurement.__name__, error, "the measurement ends", False, isinstance(error, Late))
            delayed = noise.stop()
            if not self.missed or delayed is None:
                break
            if time.monotonic() > end:
                verdict = "a figure that noise cannot explain misses" if self.failed else "not judged"
                self.note(f"{delayed}, and so for {patience} s: {verdict}")
                self.missed = self.failed
                break
            self.note(f"{delayed}: measured again")
        self.misses += self.missed

    def figure(self, name, measured, target, ok, timed=False):
        """Prints a figure. One that is `timed` may miss its target because the machine is busy."""
        self.missed |= not ok
        self.failed |= not ok and not timed
        print(f"{'ok    ' if ok else 'misses'}  {name}: {measured} (target: {target})", flush=True)

    def note(self, text):
        print(f"        {text}", flush=True)

    def exit(self):
        sys.exit(1 if self.misses else 0)


def default_binary():
    """The binary of the `dist` profile, else that of `release`."""
    target = REPOSITORY / os.environ.get("CARGO_TARGET_DIR", "target")
    dist, release = (target / profile / "registration-hook" for profile in ("dist", "release"))
    return release if release.is_file() and not dist.is_file() else dist
