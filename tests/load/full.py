"""Clients that hold connections.

Promise: at `server.max_connections`, the connection that has been idle longest is closed for the next
one. A client that holds connections does not keep others out.
Targets: 200 connections are allowed, and one client tries to hold 250. It replaces each one that the service
closes. Meanwhile every good request on a new connection is answered, with a p99 under 250 ms. On the metrics
listener 300 connections drip a chunked body, and `/healthz` there answers within 1 s.
"""
from client import CREDENTIALS, HEALTH, HOOK, JSON, request
from crowd import Drippers
from program import Program
from prober import Prober
from service import Service, with_metrics_listener

LIMIT, HELD, ON_METRICS = 200, 250, 300
CHUNKED = request("POST", HOOK, [CREDENTIALS, JSON, "Transfer-Encoding: chunked"])
# Each kind has the first bytes of a connection, and the bytes that follow now and then.
KINDS = {
    "silent": (b"", b""),
    "dripping a head": (b"GET /healthz HTTP/1.1\r\nX: ", b"x"),
    "dripping a body without credentials": (CHUNKED.replace(CREDENTIALS.encode(), b"X: x"), b"1\r\n \r\n"),
    "idle after a request": (HEALTH, b""),
}


def hooks(program, kind):
    with Service(program.binary, {"HOOK__SERVER__MAX_CONNECTIONS": str(LIMIT)}) as service:
        holder = Drippers(service.address, HELD, *KINDS[kind], reopen=True)
        good = Prober(service.address, patience=2)
        holder.run(2 if program.quick else 10)
        samples = good.stop()
        program.note(f"the service closed {holder.closed} of the client's connections")
        program.figure(f"{HELD} connections of at most {LIMIT}, {kind}, a good request meanwhile",
                       samples, "p99 under 250 ms, none failed", samples.within(0.25),
                       timed=samples.may_be_noise())
        holder.close()


def metrics_listener(program):
    with Service(program.binary, with_metrics_listener()) as service:
        health = Prober(service.metrics, HEALTH, pause=0.05)
        body = request("GET", "/healthz", ["Transfer-Encoding: chunked"])
        holder = Drippers(service.metrics, ON_METRICS, body, b"1\r\nx\r\n", reopen=True)
        holder.run(3 if program.quick else 15)
        samples = health.stop()
        program.note(f"the service closed {holder.closed} of the client's connections")
        program.figure(f"{ON_METRICS} connections that drip on the metrics listener, /healthz there meanwhile", samples,
                       "each within 1 s, none failed", samples.each_within(1), timed=samples.may_be_noise())
        holder.close()


def main():
    program = Program(__doc__)
    for kind in ("silent", "dripping a head") if program.quick else KINDS:
        program.measure(hooks, kind)
    program.measure(metrics_listener)
    program.exit()


if __name__ == "__main__":
    main()
