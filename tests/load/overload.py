"""Three times the capacity, open loop.

Promise: every served request has its answer within 2.5 s. Under overload the service refuses requests that
it cannot answer in time. It is normal again soon after.
Targets, at three times the measured capacity: no request that gets 200 waits longer than 2.5 s, from the
moment at which it was to be sent. The excess gets 503 with `Retry-After`, or its connection is refused or
reset. The service decides at least half of its capacity. The probes answer within 1 s throughout. Good
requests are normal again within 2 s after the end. The hook has 2,000 rules, so that this client is faster
than the service. A second run allows 200 connections, which is less than the number of requests that wait.
"""
import json, pathlib, selectors, socket, tempfile, time

from client import BODY, CREDENTIALS, HEALTH, JSON, Answer, receive, request
from program import Late, Program
from prober import Prober, Samples, milliseconds
from service import Service

RULE = """
[[self_service_registration.rules]]
id = "rule-{number}"
attribute = "biography"
format = "person-name"
not_one_of = ["value {number}"]
message = "not shown"
"""
LIMIT = 2.5
# A request counts as unanswered this many seconds after the end.
PATIENCE = 5
# Requests beyond so many connections are not sent.
CONNECTIONS = 8000


def write_rules(folder):
    rules = "".join(RULE.format(number=number) for number in range(2000))
    pathlib.Path(folder, "load.toml").write_text(f"[self_service_registration]\n{rules}")


def registration():
    """A registration for which every rule takes some time."""
    event = json.loads(BODY)
    event["data"]["userProfile"]["biography"] = "Lorem ipsum dolor " * 20
    return request("POST", "/load", [CREDENTIALS, JSON], json.dumps(event).encode())


def capacity(address, data, seconds):
    """The most requests per second that the service answers to 16 callers, each with one request at a time."""
    load, best = Load(address, data), 0
    for _ in range(16):
        load.send(time.monotonic())
    for _ in range(seconds):
        begin, before = time.monotonic(), len(load.answers)
        while time.monotonic() < begin + 1:
            answered = len(load.answers)
            load.poll(0.1)
            for _ in range(len(load.answers) - answered):
                load.send(time.monotonic())
        best = max(best, (len(load.answers) - before) / (time.monotonic() - begin))
    if load.answers.failures() > 0:
        raise Late("the service refuses good requests at its capacity; is the machine busy?")
    load.close()
    return best


class Load:
    """Sends requests on as many connections as it needs at a time."""

    def __init__(self, address, data):
        self.address, self.data = address, data
        self.selector, self.free = selectors.DefaultSelector(), []
        # One `(intended, seconds, status)` per answer, and the intended times of requests not accepted.
        self.answers, self.not_accepted = Samples(), []
        self.not_sent = self.without_retry_after = self.cut = 0

    def send(self, intended):
        """Sends a request. `intended` is the moment from which its time counts."""
        if len(self.selector.get_map()) >= CONNECTIONS:
            self.not_sent += 1
            return
        connection = self.free.pop() if self.free else start_connection(self.address)
        # The intended moment, the number of bytes sent, and the bytes of the answer so far.
        self.selector.register(connection, selectors.EVENT_WRITE, [intended, 0, b""])

    def poll(self, seconds):
        for key, events in self.selector.select(seconds):
            try:
                if events & selectors.EVENT_WRITE:
                    self.write(key)
                else:
                    self.read(key)
            except BlockingIOError:
                continue
            except OSError:
                # The whole request was sent, and the connection is cut in place of an answer.
                if key.data[1] == len(self.data):
                    self.cut += 1
                self.not_accepted.append(key.data[0])
                self.drop(key)

    def write(self, key):
        key.data[1] += key.fileobj.send(self.data[key.data[1]:])
        if key.data[1] == len(self.data):
            self.selector.modify(key.fileobj, selectors.EVENT_READ, key.data)

    def read(self, key):
        intended = key.data[0]
        key.data[2] += receive(key.fileobj)
        head, end, body = key.data[2].partition(b"\r\n\r\n")
        if not end:
            return
        answer = Answer(head.decode("latin-1"), body)
        if len(body) < answer.length():
            return
        self.answers.append((intended, time.monotonic() - intended, answer.status))
        self.without_retry_after += answer.status == 503 and "\r\nretry-after:" not in answer.head
        self.selector.unregister(key.fileobj)
        if answer.closes():
            key.fileobj.close()
        else:
            self.free.append(key.fileobj)

    def drop(self, key):
        self.selector.unregister(key.fileobj)
        key.fileobj.close()

    def waiting(self):
        return [key.data[0] for key in self.selector.get_map().values()]

    def close(self):
        for key in list(self.selector.get_map().values()):
            self.drop(key)
        for connection in self.free:
            connection.close()


def start_connection(address):
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(address)
    return connection


def open_loop(address, data, rate, seconds):
    """Sends at this rate, however late the answers are. Returns the load and the client's greatest delay."""
    load, begin, sent, late = Load(address, data), time.monotonic(), 0, 0.0
    while (now := time.monotonic()) < begin + seconds:
        while begin + sent / rate <= now:
            late = max(late, now - begin - sent / rate)
            load.send(begin + sent / rate)
            sent += 1
        load.poll(max(0, begin + sent / rate - time.monotonic()))
    return load, late


def overload(program, name, settings):
    seconds, data = 4 if program.quick else 10, registration()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        write_rules(folder)
        with Service(program.binary, settings, rules=folder) as service:
            rate = capacity(service.address, data, 2 if program.quick else 6)
            probes = Prober(service.address, HEALTH, pause=0.05)
            load, late = open_loop(service.address, data, 3 * rate, seconds)
            end = time.monotonic()
            good = Prober(service.address, data, pause=0.02)
            # Answers after the end count, too.
            while load.waiting() and time.monotonic() < end + PATIENCE:
                load.poll(0.05)
            time.sleep(max(0, end + 3 - time.monotonic()))
            good, probes = good.stop(), probes.stop()
            report_load(program, name, load, rate, seconds, late, service)
            program.figure(f"{name}, probes throughout", probes, "each within 1 s, none failed",
                           probes.each_within(1), timed=probes.may_be_noise())
            bad = [begin + taken - end for begin, taken, status in good if status != 200 or taken > 0.25]
            program.figure(f"{name}, normal again", f"{max(bad, default=0):.1f} s after the end",
                           "within 2 s: 200 in 250 ms", max(bad, default=0) < 2, timed=good.may_be_noise())
            load.close()


def report_load(program, name, load, rate, seconds, late, service):
    served = Samples(answer for answer in load.answers if answer[2] == 200)
    shed = Samples(answer for answer in load.answers if answer[2] == 503)
    others = sorted({answer[2] for answer in load.answers} - {200, 503})
    unanswered = len(load.waiting())
    in_time = sum(taken < LIMIT for _, taken, _ in served) / (rate * seconds)
    program.note(f"capacity {rate:.0f} requests/s; sent at three times that for {seconds} s, at most "
                f"{milliseconds(late)} late; {load.not_sent} not sent, since {CONNECTIONS} connections waited")
    program.figure(f"{name}, served", f"{len(served)}, p99 {milliseconds(served.p99())}, worst "
                   f"{milliseconds(served.worst())}", f"p99 and worst under {LIMIT} s",
                   len(served) > 0 and served.worst() < LIMIT, timed=len(served) > 0)
    program.figure(f"{name}, share of the capacity served in time", f"{in_time:.0%}, service {service.state()}",
                   "at least 50 %", in_time > 0.5, timed=service.is_running())
    program.figure(f"{name}, excess", f"{len(shed)} got 503 ({load.without_retry_after} without Retry-After), "
                   f"{len(load.not_accepted)} not accepted, {load.cut} of them cut, {unanswered} without an answer, "
                   f"other statuses {others}", "503 with Retry-After or not accepted",
                   load.without_retry_after == unanswered == 0 and not others,
                   timed=load.without_retry_after == 0 and not others)


def main():
    program = Program(__doc__)
    program.measure(overload, "overload", {})
    if not program.quick:
        # Fewer connections than requests that wait.
        few = {"HOOK__SERVER__MAX_CONNECTIONS": "200"}
        program.measure(overload, "overload with 200 connections", few)
    program.exit()


if __name__ == "__main__":
    main()
