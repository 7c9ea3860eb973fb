"""Sixty processes with one sign-in whose access token has expired, here and in botocore, at the same stand-in."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.home import uncounted
from tests.patience import PATIENCE
from tests.signins import browser, use_roles, visits
from vault.signin.begin import client_of

pytestmark = [pytest.mark.usefixtures("unmeasured"), pytest.mark.long, pytest.mark.timeout(900)]

MANY = 60
BOTOCORE = (
    "import sys, botocore.session\n"
    "found = botocore.session.Session(profile=sys.argv[1]).get_credentials().get_frozen_credentials()\n"
    "print(found.access_key)\n"
)


def ended(running):
    """Their exit codes and what they said, once all have ended."""
    said = [process.communicate(timeout=PATIENCE) for process in running]
    return [process.returncode for process in running], said


def figures(desk, codes):
    found = {
        "refreshes": desk.asked("CreateToken"),
        "GetRoleCredentials": desk.asked("GetRoleCredentials"),
        "failures": sum(code != 0 for code in codes),
    }
    print(found)
    return found


def expired(desk):
    """An access token that has expired, a refresh token that is good once, and nothing cached."""
    record = desk.sign_in()
    desk.aws.world.sso.expire_access()
    desk.aws.calls.clear()
    return replace(record, access=replace(record.access, expires=record.access.issued - 60))


def in_the_clis_cache(home, record):
    """The same sign-in as the AWS CLI keeps it."""
    folder = os.path.join(home.root, ".aws", "sso", "cache")
    os.makedirs(folder, mode=0o700)
    client = client_of(record)
    name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
    with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump(
            {
                "startUrl": record.place.start_url,
                "region": record.place.region,
                "accessToken": record.access.token.reveal_text(),
                "expiresAt": "2020-01-01T00:00:00Z",
                "clientId": client.client_id,
                "clientSecret": client.client_secret.reveal_text(),
                "registrationExpiresAt": "2099-01-01T00:00:00Z",
                "refreshToken": record.refresh.reveal_text(),
            },
            file,
        )


def test_sixty_exports_of_sixty_roles_refresh_once(bare):
    """One refresh, sixty roles, no failure. `pytest -s` shows the figures."""
    names = use_roles(bare.home, bare.aws, MANY)
    bare.store(expired(bare))
    codes, said = ended([bare.home.start("export", name) for name in names])
    assert figures(bare, codes) == {"refreshes": 1, "GetRoleCredentials": MANY, "failures": 0}, said


def test_sixty_processes_of_botocore_are_counted_for_comparison(bare):
    """The stand-in plays the same for them: somebody gets the one refresh token. docs/performance.md has the figures."""
    names = use_roles(bare.home, bare.aws, MANY)
    in_the_clis_cache(bare.home, expired(bare))
    codes, said = ended(
        [
            subprocess.Popen(
                [sys.executable, "-c", BOTOCORE, name],
                env=uncounted(bare.home.env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for name in names
        ]
    )
    found = figures(bare, codes)
    assert found["refreshes"] >= 1
    assert found["GetRoleCredentials"] + found["failures"] == MANY, said


def test_sixty_exports_without_a_sign_in_open_no_browser_and_ask_nobody(bare):
    """Exit 7 with the hint, although a browser could be opened."""
    names = use_roles(bare.home, bare.aws, MANY)
    more = {"BROWSER": browser(bare.home), "DISPLAY": ":0"}
    codes, said = ended([bare.home.start("export", name, **more) for name in names])
    assert set(codes) == {7}
    assert all(b"awsvault-py sso login corp" in told for _, told in said)
    assert (visits(bare.home), list(bare.aws.calls)) == ([], [])
