"""An issuer of tokens for the load programs. It records each fetch of its keys."""
import base64, http.server, json, subprocess, tempfile, threading, time

from program import REPOSITORY

KEY = REPOSITORY / "tests/keys/k1.pk8"
AUDIENCE, CLIENT, SCOPE = "api://registration-hook", "0oahookclient", "registration.hook.invoke"


class Issuer:
    """Listens on loopback until `stop`. Each answer with keys takes `delay` seconds."""

    def __init__(self, delay=0.0):
        self.delay, self.fetches = delay, []
        self.modulus = modulus()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"http://127.0.0.1:{self.server.server_address[1]}/oauth2/default"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        keys = f"{self.name}/v1/keys"
        if handler.path.endswith("/v1/keys"):
            self.fetches.append(time.monotonic())
            time.sleep(self.delay)
            key = {"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": self.modulus, "e": "AQAB"}
            value = {"keys": [key]}
        elif handler.path.endswith("/openid-configuration"):
            value = {"issuer": self.name, "jwks_uri": keys}
        else:
            handler.send_error(404)
            return
        body = json.dumps(value).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def settings(self):
        """Settings that accept tokens of this issuer."""
        return {"HOOK__AUTH__OAUTH__ISSUER": self.name, "HOOK__AUTH__OAUTH__AUDIENCE": AUDIENCE,
                "HOOK__AUTH__OAUTH__CLIENT_IDS": CLIENT, "HOOK__AUTH__OAUTH__SCOPE": SCOPE}

    def token(self):
        now = int(time.time())
        claims = {"iss": self.name, "aud": AUDIENCE, "iat": now, "exp": now + 3600, "cid": CLIENT, "scp": [SCOPE],
                  "sub": CLIENT, "jti": "AT.load", "ver": 1}
        signed = f"{encode({'alg': 'RS256', 'kid': 'k1'})}.{encode(claims)}"
        return f"{signed}.{base64url(sign(signed.encode()))}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def token_of(kid):
    """A token that names this key, with an invalid signature."""
    return f"{encode({'alg': 'RS256', 'kid': kid})}.{encode({'iss': 'x'})}.{base64url(bytes(256))}"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(value):
    return base64url(json.dumps(value).encode())


def sign(data):
    with tempfile.NamedTemporaryFile() as key:
        key.write(openssl("pkey", "-inform", "DER", "-in", KEY))
        key.flush()
        return openssl("dgst", "-sha256", "-sign", key.name, data=data)


def modulus():
    """The public key's modulus, as in a key set."""
    printed = openssl("rsa", "-inform", "DER", "-in", KEY, "-noout", "-modulus").decode()
    return base64url(bytes.fromhex(printed.strip().removeprefix("Modulus=")))


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout
