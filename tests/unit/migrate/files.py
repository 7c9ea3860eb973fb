"""AWS's files from the text of a test, and Setup over them."""

from __future__ import annotations

from tests.fakes.example import KEY_ID, SECRET
from vault.keys.key_input import NewKey
from vault.migrate import import_plan, plaintext_keys
from vault.migrate.edit_plan import Files
from vault.migrate.foreign_stores import Harvest
from vault.migrate.setup import Setup
from vault.profiles.edit import Document
from vault.secret import Secret

US = "/bin/awsvault-py"


def files(config, credentials=""):
    raw = config.encode(), credentials.encode()
    return Files(
        Document(raw[0], path="config", kind="config"),
        Document(raw[1], path="credentials", kind="credentials"),
        raw,
    )


def setup(config, credentials="", *, entries=("work",), **more):
    return Setup(
        files(config, credentials), env={}, words=(US,), has_entry=lambda name: name in entries, **more
    )


def after(run):
    """Both files as the plan makes them."""
    return tuple(
        document.apply(edits).decode()
        for document, edits in (
            (run.files.config, run.plan.config),
            (run.files.credentials, run.plan.credentials),
        )
    )


OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"


def keys(name, key_id=KEY_ID, secret=SECRET):
    return f"[{name}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


def intake(config, credentials="", *, known=()):
    held = files(config, credentials)
    found, skipped = plaintext_keys.find(held)
    return import_plan.from_files(found, skipped, config=held.merged, known=dict(known), replacing=False)


def harvest(*keys_, config="", replacing=False):
    return import_plan.from_store(
        Harvest(keys_, ()), config=files(config).merged, known={}, replacing=replacing
    )


def moved(name="new", *, serial=None, proof=None):
    key = NewKey(OTHER_ID, Secret(OTHER), serial, None)
    return import_plan.ImportedKey(
        entry=name, key=key, profiles=(name,), origins=("x",), stored=False, proof=proof
    )
