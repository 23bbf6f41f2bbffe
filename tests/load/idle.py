"""10,000 connections held idle.

Promise: connections are bounded, and so is the memory of each.
Targets: `server.max_connections` is raised, and 10,000 connections each sent one request. They take under
500 MiB of resident memory. A good request's p99 is under 250 ms meanwhile.
"""
import socket, time

from client import HEALTH, read_answer
from crowd import count_open
from program import Program
from prober import Prober
from service import MIB, Service

CONNECTIONS = 10_000


def idle(program):
    settings = {"HOOK__SERVER__MAX_CONNECTIONS": str(2 * CONNECTIONS), "HOOK__SERVER__KEEP_ALIVE": "120s"}
    with Service(program.binary, settings) as service:
        connections = [hold(service.address) for _ in range(CONNECTIONS)]
        prober = Prober(service.address)
        time.sleep(2 if program.quick else 20)
        samples, held = prober.stop(), count_open(connections)
        program.figure("idle connections, held", held, CONNECTIONS, held == CONNECTIONS)
        program.figure("idle connections, resident memory", f"{service.peak() / MIB:.0f} MiB", "under 500 MiB",
                       service.peak() < 500 * MIB)
        program.figure("idle connections, a good request meanwhile", samples, "p99 under 250 ms, none failed",
                       samples.within(0.25), timed=samples.may_be_noise())
        for connection in connections:
            connection.close()


def hold(address):
    """Opens a connection that has had one answer. The service would cut one that never sent a request."""
    connection = socket.create_connection(address, 10)
    connection.sendall(HEALTH)
    read_answer(connection)
    return connection


def main():
    program = Program(__doc__)
    program.measure(idle)
    program.exit()


if __name__ == "__main__":
    main()
