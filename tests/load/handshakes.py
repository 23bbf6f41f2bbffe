"""Strangers open TLS connections as fast as they can, and finish no handshake.

Promise: strangers do not keep admitted callers waiting.
Targets: a good request's p99 is under 250 ms meanwhile on a connection that is open, and none fails. A caller
who tries again at once gets a new connection within 2.5 s.
"""
import atexit, pathlib, socket, ssl, subprocess, sys, tempfile, time

from client import GOOD, read_answer
from program import Missed, Program
from prober import Samples
from service import Service

# The flood keeps so many connections open.
HELD = 400


def handshakes(program):
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        certificate, key = write_certificate(pathlib.Path(folder))
        settings = {"HOOK__SERVER__TLS__CERTIFICATE": str(certificate), "HOOK__SERVER__TLS__KEY": str(key)}
        context = ssl.create_default_context(cafile=certificate)
        with Service(program.binary, settings) as service:
            address = service.address
            connection = connect(context, address)
            flood = start_flood(address, client_hello(context))
            samples = send_requests(connection, 2 if program.quick else 10)
            opened = open_connections(context, address, 5 if program.quick else 20)
            flood.kill()
            flood.wait()
        program.figure("flood of TLS handshakes, a good request meanwhile", samples,
                       "p99 under 250 ms, none failed", samples.within(0.25), timed=samples.may_be_noise())
        program.figure("flood of TLS handshakes, a new connection", f"within {max(opened):.2f} s", "within 2.5 s",
                       max(opened) < 2.5, timed=True)


def write_certificate(folder):
    """A certificate with an RSA key, whose signatures take long."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                   check=True, capture_output=True)
    return certificate, key


def connect(context, address):
    return context.wrap_socket(socket.create_connection(address, 10), server_hostname="localhost")


def client_hello(context):
    """The first bytes of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


def send_requests(connection, seconds):
    samples, end = Samples(), time.monotonic() + seconds
    while (begin := time.monotonic()) < end:
        try:
            connection.sendall(GOOD)
            status = read_answer(connection).status
        except OSError:
            status = 0
        samples.append((begin, time.monotonic() - begin, status))
        if status == 0:
            break
        time.sleep(0.01)
    return samples


def open_connections(context, address, count):
    """Opens connections one after another. Returns how long each took, in seconds, failed tries included."""
    times = []
    for _ in range(count):
        begin = time.monotonic()
        while True:
            try:
                connect(context, address).close()
                break
            except OSError:
                if time.monotonic() > begin + 60:
                    raise Missed("no new connection within 60 s")
        times.append(time.monotonic() - begin)
    return times


def start_flood(address, hello):
    """A child process, so that it does not delay the requests of this one."""
    child = subprocess.Popen([sys.executable, __file__, address[0], str(address[1]), hello.hex()])
    atexit.register(child.kill)
    return child


def flood(host, port, hello):
    data, held, end = bytes.fromhex(hello), [], time.monotonic() + 60
    while time.monotonic() < end:
        try:
            held.append(socket.create_connection((host, int(port)), 1))
            held[-1].sendall(data)
        except OSError:
            continue
        if len(held) > HELD:
            held.pop(0).close()


def main():
    program = Program(__doc__)
    program.measure(handshakes)
    program.exit()


if __name__ == "__main__":
    # `start_flood` starts this file with an IPv4 address, a port and the bytes to send.
    if len(sys.argv) == 4 and sys.argv[1].count(".") == 3:
        flood(*sys.argv[1:])
    else:
        main()
