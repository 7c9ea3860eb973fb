"""Moves that die: every point of an import, a setup, profiles of a sign-in and their undo. python -m tests.faults.moving prints how many.

After each: both of AWS's files are whole, as they were or as they are to be; no key is lost; the next run, or an
undo, finishes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from typing import NamedTuple

from tests import signins
from tests.fakes.aws import StandIn
from tests.fakes.example import KEY_ID, SECRET
from tests.faults import dying
from tests.home import COMMAND, PASSPHRASE, Home, endpoint_trust
from tests.vaults import new_vault
from vault import errors
from vault.aws.sso_lists import SsoAccount
from vault.migrate import (
    edit_plan,
    foreign_stores,
    import_keys,
    import_plan,
    key_removal,
    plaintext_keys,
    setup,
    sso_profiles,
    undo,
    verify_keys,
)
from vault.migrate.sso_names import AssignedRole
from vault.migrate.sso_profiles import SignInProfiles
from vault.store import vault
from vault.system.paths import from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
CONFIG = b"""# my own\r
[profile shared-services]\r
region=us-east-1\r
\r
[profile dev]\r
role_arn = arn:aws:iam::222222222222:role/OpenRole\r
source_profile = shared-services"""
CREDENTIALS = f"""[shared-services]
aws_access_key_id = {KEY_ID}
aws_secret_access_key = {SECRET}
[colleague]  # hers
aws_access_key_id={OTHER_ID}
aws_secret_access_key={OTHER}
""".encode()
SECRETS = {KEY_ID: SECRET, OTHER_ID: OTHER}
CSV = f"""User name,Access key ID,Secret access key\r
shared-services,{KEY_ID},{SECRET}\r
colleague,{OTHER_ID},{OTHER}\r
""".encode()
GENERATED = b"""\r
[sso-session corp]\r
sso_region = us-east-1\r
sso_start_url = https://example.awsapps.com/start\r
\r
[profile corp/Gone]\r
credential_process = /old/awsvault-py export corp/Gone\r
awsvault_sso_session = corp\r
awsvault_sso_account_id = 222222222222\r
awsvault_sso_role_name = Gone\r
awsvault_sso_generated = corp\r
"""
ACTS = ("import", "import-undo", "import-csv", "import-csv-undo", "setup", "setup-undo", "sso", "sso-undo")
Contents = dict[str, "bytes | None"]  # of AWS's folder: each file by its name, None where it is not there


class Template(NamedTuple):
    """An empty vault made once."""

    root: str
    k_main: Secret


def template() -> Template:
    root = tempfile.mkdtemp(prefix="moving-")
    home = Home(root)
    return Template(root, new_vault(from_env(home.env), passphrase=PASSPHRASE).k_main)


class Scene:
    """One home with keys in plaintext, for one act. A context manager."""

    def __init__(self, place: Template, act: str, aws: StandIn) -> None:
        self.root = tempfile.mkdtemp(prefix="scene-")
        shutil.copytree(place.root, self.root, dirs_exist_ok=True)
        self.k_main, self.act, self.aws = place.k_main, act, aws
        self.home = Home(self.root, url=aws.url)
        self.aws_folder = os.path.dirname(self.home.config_path)
        self.before: Contents = {"config": CONFIG, "credentials": CREDENTIALS}
        if act.startswith("import-csv"):
            self.before = {"config": CONFIG, "credentials": None, "keys.csv": CSV}
        if act.startswith(("setup", "sso")):
            self.put(self.before)
            self.import_()
            config = CONFIG + GENERATED if act.startswith("sso") else CONFIG
            self.before = {"config": config, "credentials": self.read("credentials")}
        self.put(self.before)
        if act in ("import-undo", "import-csv-undo"):
            self.import_()
        elif act == "setup-undo":
            self.setup()
        elif act == "sso-undo":
            self.populate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def put(self, contents: Contents) -> None:
        for name, data in contents.items():
            if data is None:
                continue
            with open(
                os.path.join(self.aws_folder, name), "wb", opener=lambda p, f: os.open(p, f, 0o600)
            ) as file:
                file.write(data)

    def read(self, name: str) -> bytes | None:
        try:
            with open(os.path.join(self.aws_folder, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def context(self):
        return dying.context_of(self.home, self.aws)

    def opened(self) -> vault.Opened:
        return vault.open_with_main_key(from_env(self.home.env), self.k_main)

    def import_(self) -> None:
        context, opened = self.context(), self.opened()
        files = edit_plan.read(context.env, home=context.paths.home)
        known = opened.payload.entries
        csv = os.path.join(self.aws_folder, "keys.csv")
        if self.act.startswith("import-csv"):
            found = (
                foreign_stores.from_csv(csv, name=None)
                if os.path.exists(csv)
                else foreign_stores.Harvest((), ())
            )
            taken = import_plan.from_store(found, config=files.merged, known=known, replacing=False)
        else:
            sources = plaintext_keys.find(files)
            taken = import_plan.from_files(*sources, config=files.merged, known=known, replacing=False)
        taken = verify_keys.verify(context, taken, endpoint_trust(context))
        taken, plan = key_removal.plan_removal(
            files, taken, env={}, words=(COMMAND,), known=known, setting_up=True
        )
        changes = [*plan.changes(files), *key_removal.removed_files(taken)]
        import_keys.move(context, opened, taken, changes)

    def setup(self) -> None:
        context, known = self.context(), self.opened().payload.entries
        files = edit_plan.read(context.env, home=context.paths.home)
        plan = setup.Setup(files, env={}, words=(COMMAND,), has_entry=lambda n: n in known).run(())
        undo.apply_changes(context, plan.changes(files), kind=undo.SETUP, opened=None)

    def populate(self) -> None:
        """Two new profiles of a sign-in, and one that goes."""
        context = self.context()
        roles = {
            f"corp/{role}": AssignedRole(SsoAccount("222222222222", "corp", ""), role)
            for role in ("Admin", "Reader")
        }
        wish = SignInProfiles(signins.place(), roles, (COMMAND,), lambda _: False)
        files = edit_plan.read(context.env, home=context.paths.home)
        plan = sso_profiles.planned(files, wish, gone=lambda _, role: role == "Gone", prune=True)
        undo.apply_changes(context, plan.changes(files), kind=undo.of_sign_in("corp"), opened=None)

    def back(self) -> None:
        kinds = {"import": undo.IMPORT, "setup": undo.SETUP, "sso": undo.of_sign_in("corp")}
        kind = kinds[self.act.partition("-")[0]]
        context = self.context()
        undone = undo.preview(context, kind=kind, open_vault=self.opened)
        undo.undo(context, undone, kind=kind)

    def do(self) -> None:
        """The act itself."""
        if self.act.endswith("-undo"):
            self.back()
        elif self.act.startswith("import"):
            self.import_()
        elif self.act == "sso":
            self.populate()
        else:
            self.setup()

    # ── what must hold ──────────────────────────────────────────────────────────────────────

    def whole(self, after) -> None:
        """Each file is as it was or as it is to be; no key is in plaintext in a folder of awsvault-py."""
        for name, before in self.before.items():
            assert self.read(name) in (before, after[name]), name
        for folder, _, names in os.walk(self.home.awsvault_home):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                assert not any(secret.encode() in content for secret in SECRETS.values()), name

    def no_key_lost(self) -> None:
        """Each key is in the vault, or where it was."""
        held = {
            entry.access_key_id: entry.secret.reveal_text()
            for entry in self.opened().payload.entries.values()
        }
        plain = b"".join(self.read(name) or b"" for name in self.before).decode()
        for key_id, secret in SECRETS.items():
            assert held.get(key_id) == secret or (key_id in plain and secret in plain), key_id

    def swept(self) -> None:
        """Nothing half-made is left after a whole run."""
        for folder in (
            self.aws_folder,
            self.home.awsvault_home,
            self.home.file("state"),
            self.home.file("state/undo"),
        ):
            left = [n for n in os.listdir(folder) if n.startswith(".")] if os.path.isdir(folder) else []
            assert left == [], (folder, left)


def target(place: Template, act: str, aws: StandIn) -> tuple[Contents, list[str]]:
    """What an undisturbed act leaves, and its points."""
    with Scene(place, act, aws) as scene:
        ended = dying.run(scene.do)
        assert ended.error is None, ended.error
        return {name: scene.read(name) for name in scene.before}, ended.points


def die_at(place: Template, act: str, aws: StandIn, number: int, when: str, after) -> bool:
    """Kill at one point, look, do it again, look, undo, look. False where it ended before the point."""
    with Scene(place, act, aws) as scene:
        start = {name: scene.read(name) for name in scene.before}
        ended = dying.run(scene.do, die=(number, when))
        if not ended.killed:
            assert ended.error is None, ended.error
            return False
        scene.before = start
        scene.whole(after)
        scene.no_key_lost()
        if act.endswith("-undo"):
            with contextlib.suppress(errors.NotFound):  # it was killed after its last step
                scene.back()
            assert {name: scene.read(name) for name in start} == after
            scene.swept()
            return True
        scene.do()
        assert {name: scene.read(name) for name in start} == after
        scene.no_key_lost()
        scene.swept()
        for _ in range(3):  # the record of the killed run, where it left one, and that of the run after it
            try:
                scene.back()
            except errors.NotFound:
                break
        assert {name: scene.read(name) for name in start} == start
        return True


def main() -> int:
    place = template()
    total = 0
    with StandIn() as aws:
        for act in ACTS:
            after, points = target(place, act, aws)
            for number in range(len(points)):
                for when in ("before", "after"):
                    assert die_at(place, act, aws, number, when, after)
                    total += 1
            print(
                f"{len(points):5d} points of {act}, each killed before and after: {', '.join(sorted(set(points)))}"
            )
    print(f"{total:5d} kills, no key lost, no half file")
    shutil.rmtree(place.root, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
