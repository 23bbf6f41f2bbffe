"""The targets: a figure, what it must be at most, and what it should be at most."""
import contextlib, pathlib, shutil, subprocess, tempfile

from instructions import FloorStart, Start, count, total
from open_loop import request_of
from rounds import GUIDE, Target, load_in_rounds
from rules import ALLOWED, alike, folder_of, mixed
from servers import MIB, REPOSITORY, Hook, start_floor
# These are modules of tests/load, which `servers` puts on the path.
from issuer import Issuer
from keys import until_warm

UPDATE = (GUIDE / "registrationHookPP/guide-update.request.json").read_bytes()
LOG_OFF = {"HOOK__LOG__DECISIONS": "off"}
TLS = {"HOOK__SERVER__TLS__CERTIFICATE": str(REPOSITORY / "tests/tls/p256.crt"),
       "HOOK__SERVER__TLS__KEY": str(REPOSITORY / "tests/tls/p256.key")}


def targets(report, binary, rounds):
    report.heading("Targets")
    report.target_columns()
    cpu(report, binary, rounds)
    with report.attempt("instructions"):
        instructions(report, binary)
    memory(report, binary)
    report.at_most("binary, stripped", stripped_size(binary) / MIB, 14, 10, "{:.1f} MiB")
    report.end_of_table()


def cpu(report, binary, rounds):
    with contextlib.ExitStack() as stack:
        loaded = load_in_rounds(start_targets(binary, stack), rounds)

        def ratio(one, other):
            return loaded[one].cpu() / loaded[other].cpu()

        report.noise(loaded.values())
        report.at_most("CPU per request, against the floor", ratio("denial", "floor"), 1.35, 1.12)
        report.at_most("decision log on, against off, CPU", ratio("denial", "log off"), 1.08, 1.04)
        report.at_most("remembered token, against Basic, CPU", ratio("token", "denial"), 1.15, 1.05)
        report.at_most("profile update, against the denial, CPU", ratio("update", "denial"), 1.15, 1.05)
        report.at_most("TLS with keep-alive, against plain, CPU", ratio("TLS", "denial"), 1.35, 1.22)
        report.at_most("100 rules of four kinds, against 1, CPU", ratio("alike", "1 rule"), 1.60, 1.25)
        report.at_most("100 rules that all differ, against 1, CPU", ratio("different", "1 rule"), 1.60, 1.25)


def start_targets(binary, stack):
    hook = stack.enter_context(Hook(binary))
    issuer = Issuer()
    stack.callback(issuer.stop)
    with_tokens = stack.enter_context(Hook(binary, issuer.settings()))
    until_warm(with_tokens)
    found = [
        Target("floor", stack.enter_context(start_floor())),
        Target("denial", hook),
        Target("log off", stack.enter_context(Hook(binary, LOG_OFF))),
        Target("token", with_tokens, authorization=f"Bearer {issuer.token()}"),
        Target("update", hook, hook="registrationHookPP", body=UPDATE),
        Target("TLS", stack.enter_context(Hook(binary, TLS)), scheme="https"),
    ]
    for name, rules in (("1 rule", mixed(1)), ("alike", alike(100)), ("different", mixed(100))):
        folder = stack.enter_context(folder_of({"rules.toml": rules}))
        found.append(Target(name, stack.enter_context(Hook(binary, rules=folder)), hook="rules", body=ALLOWED))
    return found


def instructions(report, binary):
    request = request_of(Target("denial", None))
    ratio = total(count(Start(binary, request))) / total(count(FloorStart(request)))
    report.at_most("instructions per request, against the floor", ratio, 1.75, 1.40)


def memory(report, binary):
    with Hook(binary, {"HOOK__SERVER__WORKERS": "2"}, pinned=False) as hook:
        target = Target("memory", hook, connections=64, pinned=False)
        target.load(3)
        report.at_most("resident memory after load, 2 workers", hook.resident() / MIB, 12, 8, "{:.1f} MiB")


def stripped_size(binary):
    with tempfile.TemporaryDirectory(prefix="performance-") as folder:
        copy = pathlib.Path(folder, "stripped")
        shutil.copy(binary, copy)
        subprocess.run(["strip", copy], check=True)
        return copy.stat().st_size
