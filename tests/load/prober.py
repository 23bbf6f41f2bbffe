"""A prober times good requests, one after another.

Run as a program, this file is the prober's child process, so that the parent's work does not delay the prober.
"""
import atexit, json, select, socket, subprocess, sys, time

from client import GOOD, read_answer


LATE = 504


class Samples(list):
    """Requests of a prober, each as `(begin, seconds, status)`.

    The status is 0 without an answer, and `LATE` if the prober has stopped waiting for it.
    """

    def percentile(self, share):
        seconds = sorted(sample[1] for sample in self)
        return seconds[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else float("inf")

    def p99(self):
        return self.percentile(0.99)

    def worst(self):
        return self.percentile(1)

    def failures(self):
        return sum(sample[2] != 200 for sample in self)

    def may_be_noise(self):
        """Whether a busy machine can be the cause of every failure. Then the service refuses, or it is late."""
        return all(sample[2] in (200, 503, LATE) for sample in self)

    def within(self, seconds):
        """Whether all requests got 200, and 99 % of them within this time."""
        return len(self) > 0 and self.failures() == 0 and self.p99() < seconds

    def each_within(self, seconds):
        """Whether all requests got 200, each within this time."""
        return len(self) > 0 and self.failures() == 0 and self.worst() < seconds

    def __str__(self):
        return (f"p99 {milliseconds(self.p99())}, worst {milliseconds(self.worst())}, "
                f"{self.failures()} of {len(self)} failed")


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms"


class Prober:
    """A child process that sends one request after another and measures the time of each.

    `fresh` opens a connection for each request. `pause` is the time between two, in seconds.
    """

    def __init__(self, address, data=GOOD, fresh=True, pause=0.01, patience=10):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        settings = {"address": address, "data": data.decode("latin-1"), "fresh": fresh, "pause": pause,
                    "patience": patience}
        self.process.stdin.write(json.dumps(settings).encode() + b"\n")
        self.process.stdin.flush()

    def stop(self):
        """Ends the child process, and returns its samples."""
        output, _ = self.process.communicate()
        atexit.unregister(self.process.kill)
        return Samples(map(tuple, json.loads(output)))


def probe():
    settings = json.loads(sys.stdin.buffer.readline())
    data, patience = settings["data"].encode("latin-1"), settings["patience"]
    samples, connection = [], None
    # The parent ends this process by closing its input.
    while not select.select([sys.stdin.buffer], [], [], settings["pause"])[0]:
        begin, status = time.monotonic(), 0
        try:
            if connection is None:
                connection = socket.create_connection(settings["address"], patience)
            connection.sendall(data)
            answer = read_answer(connection)
            status = answer.status
            keep = not settings["fresh"] and not answer.closes()
        except TimeoutError:
            status, keep = LATE, False
        except OSError:
            keep = False
        samples.append((begin, time.monotonic() - begin, status))
        if connection is not None and not keep:
            connection.close()
            connection = None
    json.dump(samples, sys.stdout)


if __name__ == "__main__":
    probe()
