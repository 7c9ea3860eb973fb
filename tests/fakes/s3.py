"""A strict S3 for one bucket: it keeps conditions for all writers, checks signatures, and counts requests."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time

from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.server import Server
from tests.fakes.service import Answer
from tests.patience import PATIENCE
from vault import limits

BUCKET = "yourself-vault"
URL = f"s3://{BUCKET}/laptop/vault.avlt"


class S3StandIn:
    """A context manager. ``objects``: (content, tag) by key; ``requests``: method and key of each; ``denies``: methods (403).

    ``ignores``: it replaces whatever a condition says. ``fails``: it is out of order (503). ``waits``: an event, before which
    it answers nothing.
    ``world``: it takes the keys and sessions of these accounts, not the example's key.
    """

    def __init__(self):
        self.objects, self.requests, self.denies, self.ignores = {}, [], set(), False
        self.fails, self.waits = False, None
        self.world = None
        self._lock, self._count = threading.Lock(), 0
        self._server = Server(self._route, time.time, largest=limits.MAX_VAULT_FILE)

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop()

    @property
    def url(self):
        return self._server.url

    @property
    def vault(self):
        """The content of the object that machines share."""
        return self.objects[URL.removeprefix(f"s3://{BUCKET}/")][0]

    def serve(self, content):
        """Show another content, as the bucket's owner can."""
        self._count += 1
        self.objects[URL.removeprefix(f"s3://{BUCKET}/")] = (content, f'"served-{self._count}"')

    def _route(self, request):
        _, bucket, key = request.path.split("/", 2)
        self.requests.append((request.method, key))
        if self.waits is not None:
            self.waits.wait(PATIENCE)
        with self._lock:
            if self.fails:
                return refusal(503, "ServiceUnavailable")
            secret = self._secret(request)
            if secret is None:
                return refusal(403, "InvalidAccessKeyId")
            if not signed(request, secret):
                return refusal(403, "SignatureDoesNotMatch")
            if hashlib.sha256(request.body).hexdigest() != request.headers.get("x-amz-content-sha256"):
                return refusal(400, "XAmzContentSHA256Mismatch")
            if request.method in self.denies:
                return refusal(403, "AccessDenied")
            if bucket != BUCKET:
                return refusal(404, "NoSuchBucket")
            return getattr(self, f"_{request.method.lower()}")(key, request)

    def _secret(self, request):
        """The secret of the key or session that signs; None if there is none, or the key is inactive."""
        key_id = key_of(request)
        if self.world is None:
            return SECRET if key_id == KEY_ID else None
        key, session = self.world.keys.get(key_id), self.world.sessions.get(key_id)
        if session is not None:
            fits = request.headers.get("x-amz-security-token") == session.token
            return session.secret if fits and self.world.now() < session.expires else None
        return key.secret if key is not None and key.status == "Active" else None

    def _get(self, key, request):
        if key not in self.objects:
            return refusal(404, "NoSuchKey")
        content, etag = self.objects[key]
        if request.headers.get("if-none-match") == etag:
            return Answer(304, b"", {"ETag": etag})
        return Answer(200, content, {"ETag": etag}, content_type="application/octet-stream")

    def _put(self, key, request):
        now = self.objects.get(key, (None, None))[1]
        wanted = request.headers.get("if-match")
        if not self.ignores:
            if wanted is not None and now is None:
                return refusal(404, "NoSuchKey")
            if (wanted is None and now is not None) or (wanted is not None and wanted != now):
                return refusal(412, "PreconditionFailed")
        self._count += 1
        etag = f'"{hashlib.sha256(request.body).hexdigest()[:24]}-{self._count}"'
        self.objects[key] = (request.body, etag)
        return Answer(200, b"", {"ETag": etag})

    def _delete(self, key, _):
        self.objects.pop(key, None)
        return Answer(204, b"")


def refusal(status, code):
    return Answer(status, f"<Error><Code>{code}</Code><Message>{code}, said S3.</Message></Error>".encode())


def parts_of(request):
    """The scheme of its signature, and the parts of that."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    return scheme, dict(item.strip().partition("=")[::2] for item in rest.split(","))


def key_of(request):
    """The ID of the key that signs."""
    return parts_of(request)[1].get("Credential", "").partition("/")[0]


def signed(request, secret):
    """Whether ``secret`` signed it."""
    scheme, parts = parts_of(request)
    scope = parts.get("Credential", "").split("/")
    names = parts.get("SignedHeaders", "").split(";")
    if scheme != "AWS4-HMAC-SHA256" or len(scope) != 5 or "if-match" in request.headers.keys() - set(names):
        return False
    canonical = "\n".join(
        [
            request.method, request.path, request.query,
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names), "",
            ";".join(names), request.headers.get("x-amz-content-sha256", ""),
        ]
    )  # fmt: skip
    text = "\n".join(
        [
            scheme,
            request.headers["x-amz-date"],
            "/".join(scope[1:]),
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = b"AWS4" + secret.encode()
    for part in scope[1:]:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), parts.get("Signature", ""))
