"""10,000 connections held idle.

Promise: connections are bounded, and so is the memory of each.
Targets: `server.max_connections` is raised, and 10,000 connections each sent one request. They take under
500 MiB of resident memory. A good request's p99 is under 250 ms meanwhile.
"""
import resource, socket, time

from client import HEALTH, Prober, read_answer
from service import MIB, Report, Service, options

CONNECTIONS = 10_000


def main():
    chosen, report = options(__doc__, 120), Report()
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(CONNECTIONS, descriptors - 200)
    settings = {"HOOK__SERVER__MAX_CONNECTIONS": str(2 * CONNECTIONS), "HOOK__SERVER__KEEP_ALIVE": "120s"}
    with Service(chosen.binary, settings) as service:
        connections = [hold(service.address) for _ in range(count)]
        prober = Prober(service.address)
        time.sleep(2 if chosen.quick else 20)
        samples = prober.stop()
        held = service.descriptors()
        report.figure("idle connections, held", held, f"{CONNECTIONS}", held >= CONNECTIONS)
        report.figure("idle connections, resident memory", f"{service.peak() / MIB:.0f} MiB", "under 500 MiB",
                      service.peak() < 500 * MIB)
        report.figure("idle connections, a good request meanwhile", samples, "p99 under 250 ms, none failed",
                      samples.within(0.25))
        for connection in connections:
            connection.close()
    report.exit()


def hold(address):
    """Opens a connection that has had one answer. The service would cut one that never sent a request."""
    connection = socket.create_connection(address, 10)
    connection.sendall(HEALTH)
    read_answer(connection)
    return connection


if __name__ == "__main__":
    main()
