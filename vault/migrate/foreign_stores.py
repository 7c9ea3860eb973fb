"""Reads keys from other programs' stores: files and keyrings of aws-vault and granted, and CSV files of the IAM console.

Changes nothing. The form of the keys is checked later (key_input.py). A bad key is skipped with the reason.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import tomllib
from urllib.parse import unquote

from vault import errors, limits
from vault.crypto import jwe
from vault.migrate.edit_plan import Skipped
from vault.profiles import aws_files
from vault.records import NamedTuple
from vault.secret import Secret
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# Names of items that are not keys in aws-vault's store: sessions, as several versions name them, and Identity Center's tokens.
_SESSION = re.compile(
    r"[^,]+,[^,]+,[^,]*,[0-9]+|session:[^ ]+:[^ ]*:[^:]+|.+? session \(\d+\)|oidc:.*", re.DOTALL
)
_GRANTED = "aws-iam-credentials"
_ID_COLUMNS = ("access key id", "accesskeyid")
_SECRET_COLUMNS = ("secret access key", "secretaccesskey")


class Candidate(NamedTuple):
    """A key with its name and its place in the store. ``file`` is the file to remove once the key is in the vault."""

    name: str
    access_key_id: str
    secret: Secret
    origin: str
    file: tuple[str, bytes] | None = None


class Harvest(NamedTuple):
    """The keys of a store, and the skipped keys with the reason."""

    keys: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...]


class Store(NamedTuple):
    """Where another program stores keys: a folder of encrypted files, a collection of the Secret Service, or both.

    Both programs use the same library, so the format is the same. ``variable`` names the variable that may have the passphrase
    of the files; ``sessions`` matches names that are not keys; ``forget`` is the program's command that removes a key.
    """

    program: str
    folder: str
    collection: str
    forget: str
    variable: str | None = None
    sessions: re.Pattern[str] | None = None


def aws_vault(env: Mapping[str, str], *, home: str) -> Store:
    """aws-vault's store, at the place that its variables set."""
    folder = aws_files.expand(env.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys/", env=env, home=home)
    return Store(
        program="aws-vault",
        folder=folder.rstrip("/"),
        collection=env.get("AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME") or "awsvault",
        forget="aws-vault remove NAME",
        variable="AWS_VAULT_FILE_PASSPHRASE",
        sessions=_SESSION,
    )


def granted(env: Mapping[str, str], *, home: str) -> Store:
    """Granted's store of IAM keys, at the place that its configuration sets. Raises ConfigError if that cannot be read."""
    folder = os.path.join(home, ".granted")
    if not os.path.exists(folder) and env.get("XDG_CONFIG_HOME"):
        folder = os.path.join(env["XDG_CONFIG_HOME"], "granted")
    path = os.path.join(folder, "config")
    raw = read_users_file(path, limit=limits.MAX_CONFIG_FILE)
    try:
        section = tomllib.loads((raw or b"").decode("utf-8")).get("Keyring")
    except (ValueError, RecursionError):
        raise errors.ConfigError(
            f"{safe(path)} cannot be read as TOML", hint="correct granted's configuration"
        ) from None
    chosen = (
        {k.lower(): v for k, v in section.items() if isinstance(v, str)} if isinstance(section, dict) else {}
    )
    files = chosen.get("filedir") or os.path.join(folder, f"secure-storage-{_GRANTED}")
    return Store(
        program="granted",
        folder=aws_files.expand(files, env=env, home=home).rstrip("/"),
        collection=chosen.get("libsecretcollectionname") or f"granted-{_GRANTED}",
        forget="granted credentials remove NAME",
    )


def from_files(store: Store, passphrase: Callable[[], Secret]) -> Harvest:
    """The keys in the files of ``store``. ``passphrase`` is called at most once, and only if there is a file to open."""
    folder = store.folder
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return Harvest((), ())
    except OSError as error:
        raise errors.StorageError(f"{safe(folder)}: {os.strerror(error.errno or 0)}") from None
    if len(names) > limits.MAX_FOREIGN_ITEMS:
        raise errors.ConfigError(
            f"{safe(folder)} has {len(names)} files, but awsvault-py reads at most {limits.MAX_FOREIGN_ITEMS}"
        )
    found: list[Candidate] = []
    skipped: list[Skipped] = []
    wanted = [(unquote(name), os.path.join(folder, name)) for name in names]
    secret: Secret | None = None
    for name, path in wanted:
        if _is_session(store, name) or name.startswith("."):
            continue
        try:
            raw = read_users_file(path, limit=limits.MAX_FOREIGN_ITEM)
        except errors.Error as error:
            skipped.append(Skipped(name, error.message))
            continue
        if raw is None:
            continue
        secret = secret if secret is not None else passphrase()
        try:
            item = jwe.decrypt(raw.decode("ascii", "replace"), secret)
            found.append(_of_item(name, item, safe(path))._replace(file=(path, raw)))
        except jwe.WrongJwePassphrase:
            raise errors.WrongPassphrase(
                f"{safe(path)}: wrong passphrase for {store.program}'s store",
                hint=f"enter the passphrase that {store.program} asks for"
                + (f", or set {store.variable}" if store.variable is not None else ""),
            ) from None
        except ValueError as error:
            skipped.append(Skipped(name, f"{safe(path)} {error}"))
    return Harvest(tuple(found), tuple(skipped))


def _is_session(store: Store, name: str) -> bool:
    return store.sessions is not None and store.sessions.fullmatch(name) is not None


def from_keyring(store: Store) -> Harvest:
    """The keys of ``store`` in the Secret Service; none if there is no such collection.

    Raises Locked, or ConfigError if the collection cannot be read.
    """
    from vault.system import keyring

    try:
        items = keyring.items_of(store.collection, seconds=limits.KEYRING_TIMEOUT)
    except keyring.KeyringUnavailable as reason:
        if str(reason) == "locked":
            raise errors.Locked(
                f"{store.program}'s collection in the keyring is locked",
                hint="unlock it in the desktop's password manager, then run the import again",
            ) from None
        raise errors.ConfigError(
            f"{store.program}'s collection in the keyring could not be read: {safe(str(reason))}",
            hint="check that the desktop's password manager answers, then run the import again",
        ) from None
    return _of_items({k: v.encode() for k, v in items.items() if not _is_session(store, k)})


def _of_items(items: Mapping[str, bytes]) -> Harvest:
    found: list[Candidate] = []
    skipped: list[Skipped] = []
    for name, raw in sorted(items.items()):
        try:
            found.append(_of_item(name, raw, f"keyring item {safe(name)}"))
        except ValueError as error:
            skipped.append(Skipped(name, f"keyring item {error}"))
    return Harvest(tuple(found), tuple(skipped))


def _of_item(name: str, raw: bytes, origin: str) -> Candidate:
    """The key in an item, which is JSON whose Data is the credentials' JSON in base64. Raises ValueError."""
    try:
        item: Any = json.loads(raw)
        credentials: Any = json.loads(base64.b64decode(item["Data"], validate=True))
        key_id, secret = credentials["AccessKeyID"], credentials["SecretAccessKey"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("contains no access key") from None
    if item.get("Key") not in (None, "", name):
        raise ValueError("has another name inside: someone swapped it for another item")
    if not isinstance(key_id, str) or not isinstance(secret, str):
        raise ValueError("contains no access key")  # noqa: TRY004  # callers expect ValueError for a bad item
    if credentials.get("SessionToken"):
        raise ValueError("contains a temporary key")
    return Candidate(name, key_id, Secret(secret), origin)


def from_csv(path: str, *, name: str | None) -> Harvest:
    """The keys of a CSV file of the IAM console, named by its user column or by ``name``. Raises Usage, UnsafeFile, NotFound."""
    raw = read_users_file(path, limit=limits.MAX_CSV)
    shown = safe(path)
    if raw is None:
        raise errors.NotFound(
            f"there is no file {shown}", hint="give the path of the CSV file from the IAM console"
        )
    try:
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise errors.Usage(
            f"{shown} is not a CSV file", hint="the file from the IAM console starts with: Access key ID,…"
        ) from None
    titles = [title.strip().lower() for title in rows[0]] if rows else []
    columns = [
        next((titles.index(t) for t in known if t in titles), -1) for known in (_ID_COLUMNS, _SECRET_COLUMNS)
    ]
    if min(columns) < 0:
        raise errors.Usage(
            f"{shown} has no columns Access key ID and Secret access key",
            hint="use the CSV file from the IAM console",
        )
    users = titles.index("user name") if "user name" in titles else -1
    filled, skipped = [], []
    for number, row in enumerate(rows[1:], 2):
        if len(row) > max(columns) and row[columns[0]].strip():
            filled.append(row)
        elif any(cell.strip() for cell in row):
            user = row[users].strip() if 0 <= users < len(row) else ""
            skipped.append(
                Skipped(
                    user or f"row {number}",
                    f"{shown}: row {number} has no complete key, so the file will not be removed",
                )
            )
    file = None if skipped else (path, raw)  # a skipped key must not be lost
    found = [
        Candidate(
            (row[users].strip() if 0 <= users < len(row) and name is None else name) or "",
            row[columns[0]].strip(),
            Secret(row[columns[1]].strip()),
            shown,
            file,
        )
        for row in filled
    ]
    if any(not key.name for key in found) or (name is not None and len(found) > 1):
        raise errors.Usage(
            f"{shown} does not name the user of the key"
            if name is None
            else f"{shown} has {len(found)} keys",
            hint="name the entry: --as NAME"
            if name is None
            else "leave out --as: each entry gets the name of its user",
        )
    return Harvest(tuple(found), tuple(skipped))
