"""Noise: what delays a measurement besides the service."""
import os, threading, time

# The client is late if it wakes so many seconds later than it asked for.
LATE = 0.1
# Other processes delay the measurement if they take more than this share of a core.
OTHERS = 0.2
PAUSE = 0.01
TICKS = os.sysconf("SC_CLK_TCK")


class Noise(threading.Thread):
    """Measures the noise of the machine, from its start until `stop`."""

    def __init__(self):
        super().__init__(daemon=True)
        self.late, self.ended = 0.0, threading.Event()
        self.begin, self.others = time.monotonic(), cpu_of_others()
        self.start()

    def run(self):
        begin = time.monotonic()
        while not self.ended.wait(PAUSE):
            now = time.monotonic()
            self.late = max(self.late, now - begin - PAUSE)
            begin = now

    def stop(self):
        """Says what delayed the measurement. Returns `None` without noise. All child processes must have ended."""
        self.ended.set()
        self.join()
        share = (cpu_of_others() - self.others) / (time.monotonic() - self.begin)
        if self.late > LATE or share > OTHERS:
            return f"this client was up to {self.late * 1000:.0f} ms late, other processes used {share:.0%} of a core"
        return None


def cpu_of_others():
    """The CPU time that this machine has used for other processes, or that its host withheld, in seconds."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, _, _, steal, *_ = map(int, stat.readline().split()[1:])
    return (user + nice + system + steal) / TICKS - sum(os.times()[:4])
