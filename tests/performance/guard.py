"""Fails if a request takes more instructions than a limit of `limits.toml`, which is beside this file.

  guard.py PROGRAM           compares
  guard.py PROGRAM record    measures anew, and writes the limits
"""
import contextlib, pathlib, sys, tomllib

from instructions import FloorStart, Start, count, total
from open_loop import request_of
from rounds import Target
from rules import ALLOWED, folder_of, mixed
from servers import PERFORMANCE, Missed
from issuer import Issuer
from targets import LOG_OFF, UPDATE

LIMITS = PERFORMANCE / "limits.toml"
# How far a limit is above the measured value. Runs differ by less than 1 %.
MARGIN = 1.04


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binary = pathlib.Path(sys.argv[1]).resolve()
    with contextlib.ExitStack() as stack:
        floor = total(count(FloorStart(request_of(Target("floor", None)))))
        print(f"the empty handler: {floor:,.0f} instructions per request")
        measured = {}
        for name, start in starts(binary, stack).items():
            instructions = total(count(start))
            measured[name] = round(instructions / floor, 3)
            print(f"{name}: {instructions:,.0f}, {measured[name]:.2f} times those of the empty handler", flush=True)
    if sys.argv[2:] == ["record"]:
        record(measured)
    else:
        compare(measured)


def starts(binary, stack):
    issuer = Issuer()
    stack.callback(issuer.stop)
    folder = stack.enter_context(folder_of({"mixed.toml": mixed(100)}))
    denial = request_of(Target("denial", None))
    token = request_of(Target("token", None, authorization=f"Bearer {issuer.token()}"))
    update = request_of(Target("update", None, hook="registrationHookPP", body=UPDATE))
    rules = request_of(Target("rules", None, hook="mixed", body=ALLOWED))
    return {
        "denial": Start(binary, denial),
        "denial-without-log": Start(binary, denial, LOG_OFF),
        "denial-with-token": Start(binary, token, issuer.settings()),
        "update": Start(binary, update),
        "hundred-rules": Start(binary, rules, rules=folder),
    }


def record(measured):
    head = LIMITS.read_text().partition("\n\n")[0]
    tables = [f"\n[{name}]\nmeasured = {value}\nlimit = {value * MARGIN:.3f}\n" for name, value in measured.items()]
    LIMITS.write_text(f"{head}\n{''.join(tables)}")


def compare(measured):
    limits = tomllib.loads(LIMITS.read_text())
    too_many = []
    for name, value in measured.items():
        limit, before = limits[name]["limit"], limits[name]["measured"]
        if value > limit:
            too_many.append(f"`{name}` takes {value:.2f} times the instructions of the empty handler, "
                            f"{value / before - 1:.0%} more than the {before:.2f} of tests/performance/limits.toml; "
                            f"the limit is {limit:.2f}")
        # The value is lower by more than the margin, so its limit is too high to guard it.
        elif value < before * (2 - MARGIN):
            print(f"`{name}` takes {1 - value / before:.0%} less than recorded; "
                  f"`.ci/performance record` lowers its limit")
    if too_many:
        sys.exit("\n".join(too_many))


if __name__ == "__main__":
    try:
        main()
    except Missed as error:
        sys.exit(str(error))
