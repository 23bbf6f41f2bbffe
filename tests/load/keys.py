"""The issuer's keys: an outage, a flood of unknown keys, and many cold callers.

Promise: an outage of the issuer does not stop the service. The last good keys are used until
`max_stale`, then tokens get 503. Unknown keys cost at most one fetch in 30 s, and delay no good token.
Targets: no good token fails before `max_stale` · with 1,000 random `kid`s per second at most one fetch
in 30 s, and all good tokens get 200 · 1,000 cold callers at once cause one fetch.
"""
import threading, time, uuid

from client import BODY, HOOK, JSON, ask, connect, receive, request
from crowd import send_all, statuses
from issuer import Issuer, token_of
from program import Program
from prober import Prober, milliseconds
from service import Service

CALLERS, COLD = 4, 1000
# Each of the four callers sends so many tokens every 100 ms. Together that is a little more than 1,000 per second.
BATCH = 27


def good_request(token):
    return request("POST", HOOK, [f"Authorization: Bearer {token}", JSON], BODY)


def start(binary, issuer, settings={}):
    service = Service(binary, issuer.settings() | settings)
    return service, good_request(issuer.token())


def until_warm(service):
    """Waits until the service has the issuer's keys."""
    while b'"keys":"ok"' not in ask(service.address, request("GET", "/readyz")).body:
        time.sleep(0.05)


def outage(program):
    stale = 8
    issuer = Issuer()
    service, good = start(program.binary, issuer, {"HOOK__AUTH__OAUTH__MAX_STALE": f"{stale}s"})
    with service:
        until_warm(service)
        end = issuer.fetches[-1] + stale
        issuer.stop()
        prober = Prober(service.address, good)
        time.sleep(stale + 3)
        samples = prober.stop()
    before = [status for begin, taken, status in samples if begin + taken < end]
    after = [status for begin, _, status in samples if begin > end + 1]
    program.figure(f"issuer down, before max_stale of {stale} s", f"{before.count(200)} of {len(before)} got 200",
                   "all", len(before) > 100 and before.count(200) == len(before), timed=True)
    program.figure("issuer down, from a second after max_stale", f"{after.count(503)} of {len(after)} got 503", "all",
                   len(after) > 0 and after.count(503) == len(after), timed=True)


def flood(program):
    """Runs callers that together send 1,000 tokens per second. Every token names another key."""
    issuer = Issuer()
    service, good = start(program.binary, issuer)
    with service:
        until_warm(service)
        begin, refused = time.monotonic(), []
        at_start, end = len(issuer.fetches), begin + (3 if program.quick else 34)
        callers = [threading.Thread(target=flooding, args=(service.address, end, refused)) for _ in range(CALLERS)]
        prober = Prober(service.address, good)
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        rate = sum(refused) / (time.monotonic() - begin)
        samples, fetches = prober.stop(), issuer.fetches[at_start:]
    issuer.stop()
    apart = min((later - earlier for earlier, later in zip(fetches, fetches[1:])), default=30)
    program.figure("unknown keys, refused", f"{rate:.0f} per second", "at least 1,000", rate >= 1000, timed=True)
    # This program takes the times of the fetches, and may take each of them a moment late.
    program.figure("unknown keys, fetches", f"{len(fetches)}, at least {apart:.2f} s apart", "at most one in 30 s",
                   apart > 29.95)
    program.figure("unknown keys, good tokens meanwhile", samples, "p99 under 250 ms, none failed",
                   samples.within(0.25), timed=samples.may_be_noise())


def flooding(address, end, refused):
    """Sends tokens until `end`. Appends the number of refusals after every batch."""
    connection = connect(address)
    connection.settimeout(10)
    while (begin := time.monotonic()) < end:
        requests = [request("POST", HOOK, [f"Authorization: Bearer {token_of(uuid.uuid4().hex)}", JSON], b"")
                    for _ in range(BATCH)]
        connection.sendall(b"".join(requests))
        answers = b""
        while answers.count(b"HTTP/1.1 ") < BATCH:
            answers += receive(connection)
        refused.append(answers.count(b"HTTP/1.1 401 "))
        time.sleep(max(0, begin + 0.1 - time.monotonic()))
    connection.close()


def cold(program):
    issuer = Issuer(delay=0.5)
    service, good = start(program.binary, issuer)
    with service:
        connections = [connect(service.address) for _ in range(COLD)]
        begin = time.monotonic()
        send_all(connections, good)
        answered = statuses(connections).count(200)
        taken = time.monotonic() - begin
    issuer.stop()
    program.figure(f"{COLD} cold callers", f"{len(issuer.fetches)} fetches, {answered} got 200, the last after "
                   f"{milliseconds(taken)}", "1 fetch, all get 200", len(issuer.fetches) == 1 and answered == COLD,
                   timed=len(issuer.fetches) == 1)


def main():
    program = Program(__doc__)
    program.measure(cold)
    program.measure(flood)
    if not program.quick:
        program.measure(outage)
    program.exit()


if __name__ == "__main__":
    main()
