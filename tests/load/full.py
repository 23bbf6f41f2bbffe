"""A client that holds all connections.

Promise: at `server.max_connections`, the connection that has been idle longest is closed for the next
one. A client that holds connections does not keep others out.
Target: 200 connections are allowed, and one client tries to hold 250. It replaces each one that the service
closes. Meanwhile every good request on a new connection is answered, with a p99 under 250 ms.
"""
from client import CREDENTIALS, HOOK, JSON, Drippers, Prober, request
from service import Report, Service, options

LIMIT, HELD = 200, 250
CHUNKED = request("POST", HOOK, [CREDENTIALS, JSON, "Transfer-Encoding: chunked"])
KINDS = {
    "silent": (b"", b""),
    "dripping a head": (b"GET /healthz HTTP/1.1\r\nX: ", b"x"),
    "dripping a body without credentials": (CHUNKED.replace(CREDENTIALS.encode(), b"X: x"), b"1\r\n \r\n"),
    "idle after a request": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b""),
}


def main():
    chosen, report = options(__doc__, 120), Report()
    for kind in ("silent", "dripping a head") if chosen.quick else KINDS:
        with Service(chosen.binary, {"HOOK__SERVER__MAX_CONNECTIONS": str(LIMIT)}) as service:
            holder = Drippers(service.address, HELD, *KINDS[kind], reopen=True)
            good = Prober(service.address, patience=2)
            holder.run(2 if chosen.quick else 10)
            samples = good.stop()
            report.note(f"the service closed {holder.closed} of the client's connections")
            report.figure(f"{HELD} connections of at most {LIMIT}, {kind}, a good request meanwhile",
                          samples, "p99 under 250 ms, none failed", samples.within(0.25))
            holder.close()
    report.exit()


if __name__ == "__main__":
    main()
