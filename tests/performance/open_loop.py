"""Open loop: requests at a fixed rate, whether or not earlier ones are answered.

Each request is timed from the moment when it was due, so that a server that stops for a while does not hide how long
requests waited. Run as a program, this file is the child process that sends them.
"""
import gc, json, select, socket, subprocess, sys, time

CONNECTIONS = 32


def send_at_rate(target, rate, seconds):
    """Returns the sorted times of the requests in seconds, and how late this client sent one at worst."""
    settings = {"address": target.server.address, "rate": rate, "seconds": seconds,
                "data": request_of(target).decode("latin-1")}
    ended = subprocess.run([sys.executable, __file__], input=json.dumps(settings).encode(), stdout=subprocess.PIPE,
                           timeout=seconds + 30, check=True)
    found = json.loads(ended.stdout)
    return sorted(found["times"]), found["late"]


def request_of(target):
    head = [f"POST /{target.hook} HTTP/1.1", "Host: localhost", "Content-Type: application/json",
            f"Authorization: {target.authorization}", f"Content-Length: {len(target.body)}", "", ""]
    return "\r\n".join(head).encode() + target.body


def percentile(times, share):
    return times[min(int(len(times) * share), len(times) - 1)]


class Sender:
    """Sends on whichever connection is free. If none is, requests wait."""

    def __init__(self, address, data):
        self.data, self.poll, self.sent_on, self.times = data, select.epoll(), {}, []
        self.free = []
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(tuple(address))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.poll.register(connection, select.EPOLLIN)
            self.free.append(connection)
        self.connections = {connection.fileno(): connection for connection in self.free}

    def send(self, due):
        connection = self.free.pop()
        self.sent_on[connection.fileno()] = due
        connection.sendall(self.data)

    def receive(self):
        """Reads the answers that have arrived. Does not wait: the timer of a wait is too coarse."""
        for descriptor, _ in self.poll.poll(0):
            answer = self.connections[descriptor].recv(65536)
            self.times.append(time.perf_counter() - self.sent_on.pop(descriptor))
            if not answer.startswith(b"HTTP/1.1 200 "):
                sys.exit(f"an answer is not 200: {answer[:80]}")
            self.free.append(self.connections[descriptor])


def main():
    settings = json.load(sys.stdin)
    sender = Sender(settings["address"], settings["data"].encode("latin-1"))
    count, begin, late = settings["rate"] * settings["seconds"], time.perf_counter() + 0.05, 0.0
    gc.disable()
    sent = 0
    while len(sender.times) < count:
        due = begin + sent / settings["rate"]
        now = time.perf_counter()
        if sent < count and now >= due and sender.free:
            late = max(late, now - due)
            sender.send(due)
            sent += 1
        sender.receive()
    json.dump({"times": sender.times, "late": late}, sys.stdout)


if __name__ == "__main__":
    main()
