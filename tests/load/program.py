"""A load program: its command line, its measurements, and the figures that it prints."""
import argparse, os, pathlib, resource, signal, sys, time

from noise import Noise

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
# A measurement that noise makes miss its targets is repeated for so many seconds.
PATIENCE = 120
# A measurement that takes longer hangs.
SECONDS = 570


class Missed(Exception):
    """A measurement cannot go on, because the service did not do what it must."""


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
        # `misses` counts the measurements that missed. `missed` is about the current one.
        self.misses, self.missed = 0, False
        # An exit runs the handlers that end the child processes.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
        signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"misses  not finished within {SECONDS} s"))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def measure(self, measurement, *arguments):
        """Calls `measurement(self, *arguments)`, which prints figures. Repeats it if noise made it miss a target."""
        end = time.monotonic() + PATIENCE
        while True:
            signal.alarm(SECONDS)
            self.missed, noise = False, Noise()
            try:
                measurement(self, *arguments)
            except (Missed, OSError) as error:
                self.figure(measurement.__name__, error, "the measurement ends", False)
            delayed = noise.stop()
            if not self.missed or delayed is None:
                break
            if time.monotonic() > end:
                self.note(f"{delayed}, and so for {PATIENCE} s")
                break
            self.note(f"{delayed}: measured again")
        self.misses += self.missed

    def figure(self, name, measured, target, ok):
        self.missed |= not ok
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
