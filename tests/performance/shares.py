"""Where the instructions of a request go, beside the floor's."""
import re

from instructions import FloorStart, Start, count
from open_loop import request_of
from rounds import Target

# A function belongs to the first part whose pattern its name has.
PARTS = [
    ("authenticate", r"registration_hook::(auth|credentials)|^base64::|^subtle::|^ring|sha256|siphash|sip::"),
    ("decode: read the body as JSON", r"registration_hook::okta::(json|request)|^serde_json::de|serde_json::read"),
    ("judge", r"registration_hook::rule"),
    ("encode", r"registration_hook::(okta|pipeline)|serde_json::ser"),
    ("decision log", r"registration_hook::(decision_log|sink|escape)"),
    ("metrics", r"registration_hook::metrics|prometheus::"),
    ("connection and handler", r"registration_hook"),
    ("HTTP codec", r"actix_http|httparse|\bhttp::|httpdate"),
    ("actix-web", r"actix_web|actix_service|actix_router"),
    ("runtime", r"tokio|\bmio::|actix_rt|actix_server|futures|parking_lot|std::sys|std::time|clock_gettime"),
    ("hash maps", r"hashbrown"),
    ("texts and formats", r"^<?&?(core|alloc|std)::(str|fmt|io|string)|core::fmt|core::str|jiff"),
    ("filling memory with zeros", r"memset"),
    ("copying and comparing memory", r"mem(move|cpy|cmp|chr)|\bbytes::|bcmp"),
    ("allocation", r"malloc|free|calloc|realloc|alloc::|__rust|_int_|tcache|unlink_chunk"),
]


def shares(report, binary):
    report.heading("Profile: instructions of the guide's denied registration")
    request = request_of(Target("denial", None))
    service, floor = count(Start(binary, request)), count(FloorStart(request))
    in_service, in_floor = by_part(service), by_part(floor)
    report.columns("part", "the service", "the floor")
    for part in [name for name, _ in PARTS] + ["other"]:
        report.row(part, f"{in_service.get(part, 0):,.0f}", f"{in_floor.get(part, 0):,.0f}")
    report.row("**all**", f"**{sum(service.values()):,.0f}**", f"**{sum(floor.values()):,.0f}**")
    report.end_of_table()


def by_part(functions):
    found = {}
    for name, instructions in functions.items():
        part = part_of(name)
        found[part] = found.get(part, 0) + instructions
    return found


def part_of(name):
    for part, pattern in PARTS:
        if re.search(pattern, name):
            return part
    return "other"
