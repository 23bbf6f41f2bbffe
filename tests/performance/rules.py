"""Rules folders and bodies that grow."""
import contextlib, json, pathlib, tempfile

from rounds import GUIDE

# The kinds of rules, in turn. The guide's allowed registration passes all of them. `NUMBER` is the rule's number.
CHECKS = [
    'attribute = "email"\ndomains = ["okta.com", "*.okNUMBER.example"]',
    'attribute = "firstName"\nlength = { max = 50NUMBER }',
    'attribute = "login"\npattern = "[a-z.]+@(okta|oNUMBER)[.]com"',
    'attribute = "email"\ndomains = ["okNUMBER.com"]\n'
    'when = [{ attribute = "userType", one_of = ["contractorNUMBER"] }]',
]
LIST = """[[self_service_registration.rules]]
id = "listed"
attribute = "email"
one_of = { file = "entries.txt" }
message = "m"
"""
ALLOWED = (GUIDE / "registrationHookSSR/guide-allow.request.json").read_bytes()


def mixed(count):
    """A rules file with so many rules, of all kinds in turn. No two of them are alike."""
    return "".join(rule(number, str(number)) for number in range(count))


def alike(count):
    """A rules file with so many rules, of all kinds in turn. All rules of a kind are alike."""
    return "".join(rule(number, "") for number in range(count))


def rule(number, argument):
    check = CHECKS[number % len(CHECKS)].replace("NUMBER", argument)
    return f'[[self_service_registration.rules]]\nid = "r{number}"\n{check}\nmessage = "m"\n'


def entries(count):
    """A list of so many addresses. The last one is that of the allowed registration."""
    return "".join(f"user{number}@example.com\n" for number in range(1, count)) + "rosario.jones@okta.com\n"


def body_of(size):
    """The guide's denied registration, of so many bytes: they include a member that the service ignores."""
    event = json.loads((GUIDE / "registrationHookSSR/guide-deny.request.json").read_bytes())
    event["padding"] = ""
    event["padding"] = "x" * (size - len(json.dumps(event)))
    return json.dumps(event).encode()


@contextlib.contextmanager
def folder_of(files):
    """A rules folder with these files."""
    with tempfile.TemporaryDirectory(prefix="performance-") as name:
        for file, text in files.items():
            pathlib.Path(name, file).write_text(text)
        yield name
