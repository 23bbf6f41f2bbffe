"""The issuer's keys: an outage, a flood of unknown keys, and many cold callers.

Promise: an outage of the issuer does not stop the service. The last good keys are used until
`max_stale`, then tokens get 503. Unknown keys cost at most one fetch in 30 s, and delay no good token.
Targets: no good token fails before `max_stale` · with 1,000 random `kid`s per second at most one fetch
in 30 s, and all good tokens get 200 · 1,000 cold callers at once cause one fetch.
"""
import threading, time, uuid

from bodies import send_all
from client import BODY, HOOK, JSON, Prober, ask, connect, milliseconds, receive, request
from issuer import Issuer, token_of
from service import Report, Service, options


def good_request(token):
    return request("POST", HOOK, [f"Authorization: Bearer {token}", JSON], BODY)


def start(binary, issuer, settings={}):
    service = Service(binary, issuer.settings() | settings)
    return service, good_request(issuer.token())


def until_warm(service):
    """Waits until the service has the issuer's keys."""
    while b'"keys":"ok"' not in ask(service.address, request("GET", "/readyz")).body:
        time.sleep(0.05)


def outage(report, binary):
    stale = 8
    issuer = Issuer()
    service, good = start(binary, issuer, {"HOOK__AUTH__OAUTH__MAX_STALE": f"{stale}s"})
    with service:
        until_warm(service)
        fetched = issuer.fetches[-1]
        issuer.stop()
        prober = Prober(service.address, good)
        time.sleep(stale + 3)
        samples = prober.stop()
    before = [sample for sample in samples if sample[0] < fetched + stale - 0.5]
    after = [sample for sample in samples if sample[0] > fetched + stale + 1]
    failed = sum(status != 200 for _, _, status in before)
    refused = sum(status == 503 for _, _, status in after)
    report.figure(f"issuer down, before max_stale of {stale} s", f"{failed} of {len(before)} failed", "none failed",
                  len(before) > 100 and failed == 0)
    report.figure("issuer down, from a second after max_stale", f"{refused} of {len(after)} got 503", "all get 503",
                  len(after) > 0 and refused == len(after))


def flood(report, binary, quick):
    """Runs four callers that each send 250 tokens per second. Every token names another key."""
    issuer = Issuer()
    service, good = start(binary, issuer)
    with service:
        until_warm(service)
        begin, counts = time.monotonic(), []
        at_start, end = len(issuer.fetches), begin + (3 if quick else 34)
        callers = [threading.Thread(target=flooding, args=(service.address, end, counts)) for _ in range(4)]
        prober = Prober(service.address, good)
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        samples, fetches = prober.stop(), issuer.fetches[at_start:]
        rate = sum(counts) / (time.monotonic() - begin)
    issuer.stop()
    # The times between two fetches.
    gaps = [later - earlier for earlier, later in zip(fetches, fetches[1:])]
    report.figure(f"{rate:.0f} unknown keys per second, fetches", f"{len(fetches)}, at least "
                  f"{min(gaps, default=30):.1f} s apart", "at most one in 30 s",
                  min(gaps, default=30) > 29.5 and rate > 500)
    report.figure("unknown keys, good tokens meanwhile", samples, "p99 under 250 ms, none failed", samples.within(0.25))


def flooding(address, end, counts):
    connection = connect(address)
    connection.settimeout(10)
    while (begin := time.monotonic()) < end:
        requests = [request("POST", HOOK, [f"Authorization: Bearer {token_of(uuid.uuid4().hex)}", JSON], b"")
                    for _ in range(25)]
        connection.sendall(b"".join(requests))
        answers = b""
        while answers.count(b"HTTP/1.1 401") < len(requests):
            answers += receive(connection)
        counts.append(len(requests))
        time.sleep(max(0, begin + 0.1 - time.monotonic()))
    connection.close()


def cold(report, binary):
    issuer = Issuer(delay=0.5)
    service, good = start(binary, issuer)
    with service:
        begin = time.monotonic()
        statuses = send_all(service.address, 1000, good, 10)
        taken = time.monotonic() - begin
    issuer.stop()
    report.figure("1,000 cold callers", f"{len(issuer.fetches)} fetches, {statuses.count(200)} got 200, the last after "
                  f"{milliseconds(taken)}", "1 fetch, all get 200",
                  len(issuer.fetches) == 1 and statuses.count(200) == 1000)


def main():
    chosen, report = options(__doc__, 120), Report()
    cold(report, chosen.binary)
    flood(report, chosen.binary, chosen.quick)
    if not chosen.quick:
        outage(report, chosen.binary)
    report.exit()


if __name__ == "__main__":
    main()
