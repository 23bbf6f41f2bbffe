"""Bodies made to cost memory.

Promise: the body is bounded, and so is what a request keeps of it.
Targets: 64 bodies of compressed zeros make the resident memory grow by less than 16 MiB. 200 bodies at
the limit, whole or in chunks of one byte, make it grow by no more than 200 times the limit and 64 MiB.
The service holds all of them at once, because each ends only after all others have arrived.
"""
import gzip, json

from client import BODY, CREDENTIALS, HOOK, JSON, ask, connect, request
from crowd import send_all, statuses
from program import Program
from service import MIB, Service

LIMIT, CONNECTIONS = 256 * 1024, 200
# Long enough for every byte to arrive, even on a busy machine.
PATIENT = {"HOOK__SERVER__REQUEST_TIMEOUT": "60s"}
# So many bytes of each request are sent last. They complete a body with a length, and one in chunks.
END = len(b"0\r\n\r\n")


def grows(program, name, count, data, most, status):
    with Service(program.binary, PATIENT) as service:
        # Memory that any request needs does not count as growth.
        ask(service.address, data)
        before = service.peak()
        connections = [connect(service.address) for _ in range(count)]
        head = data.index(b"\r\n\r\n") + 4
        # All heads first: bodies that keep the service busy make it refuse later heads.
        for part in (data[:head], data[head:-END]):
            send_all(connections, part)
            service.wait_until_idle()
        right = statuses(connections, data[-END:]).count(status)
        growth = service.peak() - before
        program.figure(f"{count} {name}", f"grew by {growth / MIB:.1f} MiB, {right} got {status}, service "
                       f"{service.state()}", f"less than {most / MIB:.0f} MiB, all get {status}",
                       service.is_running() and growth < most and right == count,
                       timed=service.is_running() and growth < most)


def at_the_limit():
    """A valid registration of exactly `LIMIT` bytes."""
    event = json.loads(BODY)
    event["padding"] = ""
    event["padding"] = "x" * (LIMIT - len(json.dumps(event)))
    return json.dumps(event).encode()


def main():
    program, body, bound = Program(__doc__), at_the_limit(), CONNECTIONS * LIMIT + 64 * MIB
    bomb = request("POST", HOOK, [CREDENTIALS, JSON, "Content-Encoding: gzip"], gzip.compress(bytes(200 * MIB)))
    program.measure(grows, "compressed bombs", 64, bomb, 16 * MIB, 415)
    whole = request("POST", HOOK, [CREDENTIALS, JSON], body)
    program.measure(grows, "bodies at the limit, whole", CONNECTIONS, whole, bound, 200)
    chunked = request("POST", HOOK, [CREDENTIALS, JSON, "Transfer-Encoding: chunked"])
    chunked += b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    program.measure(grows, "bodies at the limit, in chunks of a byte", CONNECTIONS, chunked, bound, 200)
    program.exit()


if __name__ == "__main__":
    main()
