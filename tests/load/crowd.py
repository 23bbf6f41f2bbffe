"""Many connections of one client at a time."""
import contextlib, selectors, time

from client import connect, read_answer, receive


def send_all(connections, data):
    """Sends the same bytes on all connections at once. Passes over connections that the service closes."""
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection, selectors.EVENT_WRITE, {"sent": 0})
    while selector.get_map():
        for key, _ in selector.select():
            try:
                key.data["sent"] += key.fileobj.send(data[key.data["sent"]:key.data["sent"] + 16384])
            except BlockingIOError:
                continue
            except OSError:
                key.data["sent"] = len(data)
            if key.data["sent"] >= len(data):
                selector.unregister(key.fileobj)


def statuses(connections, rest=b""):
    """Completes the request of each connection with `rest`. Returns the statuses; 0 without an answer."""
    found = []
    for connection in connections:
        connection.settimeout(10)
        with contextlib.suppress(OSError):
            connection.sendall(rest)
        try:
            found.append(read_answer(connection).status)
        except OSError:
            found.append(0)
        connection.close()
    return found


def count_open(connections):
    """How many connections the service has not closed. None of them may have an unread answer."""
    count = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            receive(connection)
        except BlockingIOError:
            count += 1
        except OSError:
            continue
    return count


class Crowd:
    """Connections that write the same requests over and over, as fast as the service takes them.

    The answers stay unread, or with `read` are thrown away.
    """

    def __init__(self, address, count, data, read=False):
        # The request as often as fits into 64 KiB, so that one call sends many small requests.
        self.data = memoryview(data * max(1, 65536 // len(data)))
        self.selector = selectors.DefaultSelector()
        self.sent = self.closed = 0
        # When the service last took a byte.
        self.last_sent = 0.0
        for _ in range(count):
            connection = connect(address, None if read else 4096)
            events = selectors.EVENT_WRITE | (selectors.EVENT_READ if read else 0)
            # The place in `data` from which the connection writes next.
            self.selector.register(connection, events, {"next": 0})

    def run(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.selector.get_map():
            for key, events in self.selector.select(left):
                try:
                    if events & selectors.EVENT_READ:
                        receive(key.fileobj)
                    if events & selectors.EVENT_WRITE:
                        self.write(key)
                except BlockingIOError:
                    continue
                except OSError:
                    self.closed += 1
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
        # If the service has ended, no connection is left. Wait here for the rest of the time.
        time.sleep(max(0, end - time.monotonic()))

    def run_until_stalled(self):
        """Writes until the service takes no more. Ends after 25 s, before the service cuts clients that do not read."""
        end = time.monotonic() + 25
        while self.last_sent > time.monotonic() - 0.5 and time.monotonic() < end:
            self.run(0.5)

    def write(self, key):
        count = key.fileobj.send(self.data[key.data["next"]:])
        key.data["next"] = (key.data["next"] + count) % len(self.data)
        self.sent += count
        self.last_sent = time.monotonic()

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


class Drippers:
    """Connections that send `first`, then `drip` again and again. An empty `drip` sends nothing.

    With `reopen`, a new connection replaces each one that the service closes.
    """

    def __init__(self, address, count, first=b"", drip=b"", reopen=False):
        self.address, self.first, self.drip, self.reopen = address, first, drip, reopen
        self.closed = 0
        self.connections = [self.open() for _ in range(count)]

    def open(self):
        connection = connect(self.address)
        with contextlib.suppress(OSError):
            connection.send(self.first)
        return connection

    def run(self, seconds, pause=0.2):
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            self.connections = [self.step(connection) for connection in self.connections]
            time.sleep(max(0, begin + pause - time.monotonic()))

    def step(self, connection):
        """Sends a drip. Returns the connection, or the one that replaces it."""
        if connection is None:
            return None
        try:
            connection.send(self.drip)
            receive(connection)
        except BlockingIOError:
            return connection
        except OSError:
            self.closed += 1
            connection.close()
            return self.open() if self.reopen else None
        return connection

    def close(self):
        for connection in self.connections:
            if connection is not None:
                connection.close()
