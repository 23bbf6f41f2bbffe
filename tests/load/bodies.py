"""Bodies made to cost memory.

Promise: the body is bounded, and so is what a request keeps of it.
Targets: 64 bodies of compressed zeros make the resident memory grow by less than 16 MiB. 200 bodies at
the limit at once, whole or in chunks of one byte, make it grow by no more than 200 times the limit and
64 MiB.
"""
import gzip, json, selectors, time

from client import BODY, CREDENTIALS, HOOK, JSON, Answer, ask, connect, receive, request
from service import MIB, Report, Service, options

LIMIT, CONNECTIONS = 256 * 1024, 200
# Long enough for every byte to arrive, even on a busy machine.
PATIENT = {"HOOK__SERVER__REQUEST_TIMEOUT": "60s"}


def send_all(address, count, data, seconds):
    """Sends the same bytes on many connections at once. Returns the status of each; 0 means no answer."""
    selector, statuses = selectors.DefaultSelector(), []
    for _ in range(count):
        selector.register(connect(address), selectors.EVENT_WRITE | selectors.EVENT_READ, {"sent": 0})
    end = time.monotonic() + seconds
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        for key, events in selector.select(left):
            try:
                if events & selectors.EVENT_READ:
                    # The head of an answer comes in one piece.
                    statuses.append(Answer(receive(key.fileobj).decode("latin-1"), b"").status)
                elif key.data["sent"] < len(data):
                    key.data["sent"] += key.fileobj.send(data[key.data["sent"]:key.data["sent"] + 16384])
                    continue
                else:
                    selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                    continue
            except BlockingIOError:
                continue
            except OSError:
                statuses.append(0)
            selector.unregister(key.fileobj)
            key.fileobj.close()
    left = list(selector.get_map().values())
    for key in left:
        key.fileobj.close()
    return statuses + [0] * len(left)


def grows(report, binary, name, count, data, most, allowed, settings=PATIENT):
    with Service(binary, settings) as service:
        ask(service.address, data)
        before = service.peak()
        statuses = send_all(service.address, count, memoryview(data), 55)
        wanted = " or ".join(map(str, allowed))
        growth, right = service.peak() - before, sum(status in allowed for status in statuses)
        report.figure(f"{count} {name}",
                      f"grew by {growth / MIB:.1f} MiB, {right} got {wanted}, service {service.state()}",
                      f"at most {most / MIB:.0f} MiB, all get {wanted}",
                      service.is_running() and growth < most and right == count)


def at_the_limit():
    """A valid registration of exactly `LIMIT` bytes."""
    event = json.loads(BODY)
    event["padding"] = ""
    event["padding"] = "x" * (LIMIT - len(json.dumps(event)))
    return json.dumps(event).encode()


def main():
    chosen, report = options(__doc__, 180), Report()
    bomb = request("POST", HOOK, [CREDENTIALS, JSON, "Content-Encoding: gzip"], gzip.compress(bytes(200 * MIB)))
    grows(report, chosen.binary, "compressed bombs", 64, bomb, 16 * MIB, [415], {})
    body, bound = at_the_limit(), CONNECTIONS * LIMIT + 64 * MIB
    whole = request("POST", HOOK, [CREDENTIALS, JSON], body)
    grows(report, chosen.binary, "bodies at the limit, whole", CONNECTIONS, whole, bound, [200])
    if not chosen.quick:
        # So many chunks take seconds, in which further requests may find the service overloaded.
        chunked = request("POST", HOOK, [CREDENTIALS, JSON, "Transfer-Encoding: chunked"])
        chunked += b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        grows(report, chosen.binary, "bodies at the limit, in chunks of a byte", CONNECTIONS, chunked, bound, [200, 503])
    report.exit()


if __name__ == "__main__":
    main()
