"""Profiles for explain --live, and the ways in which AWS can deny their role."""

from __future__ import annotations

import json

from tests.fakes import policies
from tests.fakes.example import DEV, PROD, SERIAL, SHARED
from tests.home import PASSPHRASE
from tests.vaults import entry, soon
from vault.credentials.request import Request
from vault.inspect import live_check
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

HERE = f"arn:aws:iam::{SHARED}:role/HereRole"
FAR = f"arn:aws:iam::{DEV}:role/FarRole"
ROOT = f"arn:aws:iam::{SHARED}:root"
SOURCE = "[profile shared-services]\nregion = us-east-1\n"
READS = ("iam:SimulatePrincipalPolicy", "iam:GetRole", "iam:ListMFADevices")


def config(home, role, *lines, device=SERIAL):
    """The profile ``target`` with a role of the key, and more lines in it."""
    named = f"mfa_serial = {device}\n" if device else ""
    role_lines = (
        f"[profile target]\nregion = us-east-1\nrole_arn = {role}\nsource_profile = shared-services\n"
    )
    home.config(SOURCE + named + role_lines + "".join(f"{line}\n" for line in lines))


def forget_device(home):
    """The vault's entry has no device from now on."""
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    vault.edit(
        paths, opened.k_main, lambda payload: payload.with_entry("shared-services", entry()), deadline=soon()
    )


def statement(*actions, effect="Allow", **more):
    """An identity policy in JSON."""
    one = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


def denies_identity(home, world, role):
    config(home, role)
    world.add_role(role, trusts=(ROOT,), mfa=True)
    world.user("yourself").policies = [statement(*READS)]


def denies_trust(home, world, role):
    config(home, role)
    world.add_role(role, trusts=(f"arn:aws:iam::{PROD}:root",))


def denies_without_mfa(home, world, role):
    forget_device(home)
    config(home, role, device=None)
    world.add_role(role, trusts=(ROOT,), mfa=True)


def denies_external_id(home, world, role):
    config(home, role, "external_id = mine")
    world.add_role(role, trusts=(ROOT,), external_id="theirs")


def denies_session_name(home, world, role):
    config(home, role)
    world.add_role(role, trusts=(ROOT,), needs_user_name=True)


def denies_duration(home, world, role):
    config(home, role, "duration_seconds = 7200")
    world.add_role(role, trusts=(ROOT,), mfa=True, max_session=3600)


def denies_organization(home, world, role):
    config(home, role)
    world.add_role(role, trusts=(ROOT,), mfa=True)
    world.service_control[SHARED] = [statement("sts:AssumeRole", effect="Deny")]


# The way it is denied → the cause, its side, and what the profile must say to pass without a policy.
DENIALS = {
    "identity": (denies_identity, "identity-policy", "caller", None),
    "trust": (denies_trust, "trust-policy", "role", None),
    "mfa": (denies_without_mfa, "mfa-missing", "role", f"mfa_serial = {SERIAL}"),
    "external-id": (denies_external_id, "external-id", "role", None),
    "session-name": (denies_session_name, "session-name", "role", None),
    "duration": (denies_duration, "duration", "role", None),
    "organization": (denies_organization, "organization-policy", "organization", None),
}


def check(desk, profile="target", **request):
    """The report about a profile, and the costs that were said before."""
    costs = []
    report = live_check.check(desk.context(), Request(profile, **request), agree=costs.append)
    (cost,) = costs
    return report, cost


def apply(world, found):
    """Put the printed policies in place at AWS, as they came by mail."""
    caller = found.call.principal
    if found.identity_policy is not None:
        holder = world.users.get(caller) or world.roles[caller]
        policies.attach(world, holder, json.loads(json.dumps(found.identity_policy)))
    if found.trust_statement is not None:
        policies.trust(world, world.roles[found.call.role_arn], json.loads(json.dumps(found.trust_statement)))
