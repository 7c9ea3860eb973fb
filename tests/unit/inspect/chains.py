"""Sections of AWS's files, and the facts of a step."""

from __future__ import annotations

from tests.fakes.example import DEVELOPER, SERIAL
from tests.home import SCENARIO

KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"


SSO = "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.example/start\n"


IN_SSO = "sso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Reader\n"


WEB = f"role_arn = {DEVELOPER}\nweb_identity_token_file = /tokens/x\n"


OWN = "credential_process = awsvault-py export a\n"


def facts(step):
    return {fact.name: (fact.value, fact.place) for fact in step.facts}


BARE = SCENARIO.replace(f"mfa_serial = {SERIAL}\n", "")


def locked(desk, **env):
    """A context in which nothing opens the vault."""
    context = desk.context(**env)
    context.passphrase = None
    return context
