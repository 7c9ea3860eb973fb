"""A key, a session and an endpoint for calls to a recorder or to the stand-in."""

from __future__ import annotations

from tests.fakes.example import KEY_ID, SECRET
from tests.unit.aws.provider_context import Jumping
from vault.aws.credentials import Credentials
from vault.aws.service_endpoint import ServiceEndpoint
from vault.secret import Secret
from vault.system.clock import Deadline

KEY = Credentials(KEY_ID, Secret(SECRET))
SESSION = KEY._replace(token=Secret("token"))
REGION = "us-east-1"


def at(server):
    """The endpoint and a deadline for a call to ``server``."""
    endpoint = ServiceEndpoint(server.url, REGION, trusted_hosts=("127.0.0.1",))
    return {"endpoint": endpoint, "deadline": Deadline.after(20, clock=Jumping())}
