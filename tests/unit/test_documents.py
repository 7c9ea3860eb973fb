"""README and docs against the program: help, commands and options that are named, links, and the table of features."""

from __future__ import annotations

import ast
import glob
import os
import re
import shlex
import subprocess
import sys

import click
import pytest

from tests.home import COMMAND
from tests.patience import PATIENCE
from vault.cli.command_table import ALIASES, COMMANDS
from vault.cli.main import build
from vault.doctor.aws_vault_variables import INSTEAD

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = sorted(
    glob.glob("*.md", root_dir=ROOT) + glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True) + glob.glob("tests/*/README.md", root_dir=ROOT)
)  # fmt: skip
REFERENCE = "docs/reference/commands.md"

# What the design promises: a command that went away would take its line with it everywhere else.
PROMISED = (
    "init", "add", "list", "ls", "remove", "rm", "export", "exec", "login", "rotate", "mfa add", "mfa code", "mfa list",
    "mfa remove", "mfa enroll", "mfa resync", "mfa qr", "otp", "clear", "unlock", "lock", "status", "explain", "doctor",
    "setup", "import", "slots add", "slots list", "slots remove", "remote add", "remote show", "remote remove", "sync", "passwd", "rekey", "backup", "restore", "panic",
    "whoami", "serve", "sso login", "sso logout", "sso status", "prompt", "which", "log", "completion", "shell-init", "pick", "help", "delete", "console", "env", "shell",
)  # fmt: skip

# The README's table: each line, and the tests that show it for us.
SHOWN = {
    "Keys encrypted at rest": "tests/unit/cli/test_export.py::test_no_file_of_awsvault_py_has_plaintext",
    "Sessions encrypted at rest": "tests/unit/cli/test_export.py::test_no_file_of_awsvault_py_has_plaintext",
    "Generates MFA codes from an encrypted seed": "tests/unit/credentials/test_obtain.py::test_two_roles_share_one_code",
    "`credential_process` for AWS's current SDKs": "tests/clients/test_scenarios.py::test_three_accounts",
    "Role chains of any depth": "tests/unit/credentials/test_obtain.py::test_a_chain_of_eight_hops",
    "Sixty processes at once: one call, one code": "tests/unit/cli/test_export.py::test_sixty_at_once_on_a_cold_cache",
    "Answers from an agent, unlocked once a day": "tests/unit/agent/test_process.py::test_a_thousand_exports_in_a_row_and_two_hundred_at_once",
    "Key rotation": "tests/unit/rotation/test_run.py::test_a_new_key_takes_over_and_the_old_one_is_kept",
    "… verified before the old key is retired, with undo": "tests/unit/rotation/test_run.py::test_undo_takes_the_old_key_back",
    "Credentials server for jobs longer than a session": "tests/clients/test_server_refreshes.py::test_longer_than_a_session_lasts",
    "Console sign-in": "tests/clients/test_browser.py::test_a_real_browser_lands_on_the_page "
    "tests/unit/run/test_federation.py::test_a_user_signs_in_by_federation tests/unit/run/test_environment_credentials.py::test_a_key_of_the_environment_goes_by_federation "
    "tests/clients/test_browser.py::test_two_profiles_side_by_side_keep_their_own_cookies "
    "tests/unit/run/test_browser_profile.py::test_safari_and_a_browser_that_is_not_there_are_usage",
    "Guard rails: confirmation, read-only, production in red": "tests/unit/credentials/test_guardrails.py::test_nothing_is_handed_out_without_a_yes "
    "tests/unit/credentials/test_guardrails.py::test_read_only_sends_the_policy_with_the_role "
    "tests/unit/cli/test_prompt_line.py::test_production_is_loud",
    "Encrypted, tamper-evident log of issued credentials": "tests/unit/cli/test_log.py::test_verify_says_whole_and_finds_a_change "
    "tests/unit/cache/test_audit_log.py::test_no_plaintext_is_in_the_file "
    "tests/unit/cache/test_audit_log.py::test_a_removed_moved_or_duplicated_record_is_detected",
    "Explains a profile with file and line": "tests/unit/cli/test_explain_origins.py::test_explain_gives_each_value_its_place",
    "Picks a profile, completes names": "tests/unit/cli/test_pick.py::test_the_most_used_comes_first "
    "tests/unit/cli/test_completion_scripts.py::test_profiles",
    "Moves your keys and profiles in, with undo": "tests/unit/cli/test_import.py::test_undo_puts_both_files_back",
}

SHOWING = [test for tests in SHOWN.values() for test in tests.split()]


def text_of(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def help_of(*words):
    """What the installed command says in a terminal of 100 columns."""
    done = subprocess.run(
        [COMMAND, *words, "--help"], env={**os.environ, "COLUMNS": "100"}, capture_output=True, text=True,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    return done.stdout.rstrip("\n")


def commands(group=None, path=()):
    """Every command with its words."""
    group = group or build()
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = dict(commands())


def test_every_promised_command_is_there():
    """By its name or its short name; and the table promises all that it has."""
    names = {" ".join(path) for path in EVERY} | set(ALIASES)
    assert set(PROMISED) <= names
    assert {name for name in names if " " not in name} - {"mfa", "remote", "slots", "sso"} <= set(PROMISED)


def test_the_programs_help_fits_one_screen():
    """40 lines of 80 columns, with each command in it."""
    shown = help_of().splitlines()
    assert len(shown) <= 40
    assert max(map(len, shown)) <= 80
    assert set(COMMANDS) <= set(re.findall(r"[a-z-]+", "\n".join(shown)))


def test_the_readme_is_short():
    """What a first reader gets: 120 lines at most, the two set-up commands in the first 40."""
    lines = text_of("README.md").splitlines()
    assert len(lines) <= 120
    assert {line.split(" ")[0] for line in lines[:40]} >= {"./scripts/quickstart", "./scripts/test"}


def test_the_references_help_is_the_programs():
    """Each page of the reference, word for word; a few by the installed command itself, the rest by what made them."""
    blocks = re.findall(r"```\n(Usage: .*?)\n```", text_of(REFERENCE), re.DOTALL)
    shown = {block.split("\n", 1)[0]: block for block in blocks}
    assert len(blocks) == len(EVERY) + 1
    for words in ((), ("export",), ("exec",), ("mfa", "enroll"), ("list",)):
        text = help_of(*words)
        assert shown[text.split("\n", 1)[0]] == text
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "make-reference"), "--check"], check=False
    )
    assert done.returncode == 0


FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2", re.DOTALL | re.MULTILINE)


def links(text):
    """The target of each link and picture of a page, in every form that Markdown and HTML have; none of its code."""
    text = re.sub(r"`[^`\n]+`", "`code`", FENCED.sub("", text))
    forms = (
        r"\]\(<?([^)\s>]+)>?(?:\s+[\"'][^\"'\n]*[\"'])?\)",
        r"^ *\[[^\]\n]+\]: +(\S+)",
        r"\b(?:src|href|srcset)=\"([^\"]+)\"",
    )
    return [target for form in forms for target in re.findall(form, text, re.MULTILINE)]


def anchors(text):
    """The names of a page's headings, as GitHub makes them: a repeated one gets a number. Code has no headings."""
    found = []
    for title in re.findall(r"^#{1,6} +(.*?) *#*$", FENCED.sub("", text), re.MULTILINE):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", title)
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        again = sum(
            name == each or re.fullmatch(rf"{re.escape(name)}-\d+", each) is not None for each in found
        )
        found.append(f"{name}-{again}" if again else name)
    return {*found, *re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text)}


def broken(page, text):
    """The relative links of a page that lead nowhere: no such file in the repository, or no such heading in it."""
    for link in links(text):
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue
        path, _, heading = link.partition("#")
        there = (
            os.path.normpath(os.path.join(ROOT, os.path.dirname(page), path))
            if path
            else os.path.join(ROOT, page)
        )
        inside = os.path.relpath(there, ROOT)
        missing = inside.startswith("..") or not os.path.exists(there)
        misspelt = not missing and not path.endswith("/") and inside not in spelled(inside)
        if missing or misspelt or (heading and heading not in anchors(text_of(inside) if path else text)):
            yield link


def spelled(path):
    """The names beside ``path`` as the folder has them: a Mac's file system ignores case, GitHub does not."""
    folder = os.path.dirname(path)
    return {os.path.join(folder, name) for name in os.listdir(os.path.join(ROOT, folder))}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """Every relative link and picture of each page, with its heading where it names one."""
    assert not list(broken(page, text_of(page)))


@pytest.mark.parametrize(
    "link",
    [
        "[a](agent.md)", "[a](docs/agent.md#none)", "![a](docs/none.svg)", "[a](#none)", "[a]\n\n[a]: docs/none.md",
        '<img src="none.svg">', '<a href="none.md">a</a>', "[a](DOCS/agent.md)", "[a](../outside.md)", "[a](docs/none.md 'x')",
        "[a](#in-code)\n```sh\n# in code\n```", "[a](docs/agent.md#agent-1)",
    ],
)  # fmt: skip
def test_a_dead_link_is_found(link):
    """Of each form, to each kind of place."""
    assert len(list(broken("README.md", link))) == 1


def test_a_link_that_works_is_left():
    """Elsewhere, to a repeated heading, and in code, where it is none."""
    text = "# A `b`: c\n# D\n# D\n[a](#a-b-c) [d](#d-1) [x](https://a.test/#z) `[a](none)`\n```\n[a](none)\n```\n[r](docs/)"
    assert not list(broken("README.md", text))


def calls(page):
    """The words of each call of awsvault-py in a page: in its code, up to what ends a command for a shell."""
    text = re.sub(r"<!--.*?-->", "", text_of(page), flags=re.DOTALL)
    code = "\n".join(re.findall(r"```[^\n]*\n(.*?)```", text, re.DOTALL)) + "\n" + "\n".join(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))  # fmt: skip
    code = code.replace("\\\n", " ")
    for found in re.finditer(r"(?<![\w/.\-])awsvault-py((?: +[^\s|;&)`\"'#]+)*)", code):
        yield found.group(1).split()


@pytest.mark.parametrize("page", [page for page in PAGES if page != REFERENCE])
def test_commands_and_options_that_are_named_exist(page):
    """A page that names a command or an option of awsvault-py names one that exists."""
    for words in calls(page):
        rest = words[: words.index("--")] if "--" in words else words
        path, command = (), None
        while rest:
            name = ALIASES.get(rest[0], rest[0])
            if (*path, name) not in EVERY:
                break
            path, command, rest = (*path, name), EVERY[*path, name], rest[1:]
        if command is None:
            first = next((word for word in words if not word.startswith("-")), None)
            assert first in (None, "version") or not re.fullmatch(r"[a-z][a-z-]+", first), (
                f"{page}: awsvault-py {' '.join(words)}"
            )
            continue
        options = {spelling for p in command.params for spelling in (*p.opts, *p.secondary_opts)} | {
            "--help",
            "--debug",
        }
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0].rstrip(".,:") in options, f"{page}: awsvault-py {' '.join(words)}"


# Read, and of no use to users: of Windows, which is not supported yet; and where Python itself is, for the agent.
UNSAID = {"USERPROFILE", "HOMEDRIVE", "HOMEPATH", "PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE"}


def variables(tree):
    """The variables that a module names: AWS's, XDG's and awsvault-py's by their form, others where an environment is asked."""
    for node in ast.walk(tree):
        asked = of = node
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"(AWS|AWSVAULT|XDG)(_[A-Z0-9]+)+|[A-Z_]*DISPLAY|PYTHON[A-Z]+", node.value):
                yield node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".get") and node.args:
            asked, of = node.args[0], node.func.value
        elif isinstance(node, ast.Subscript):
            asked, of = node.slice, node.value
        if (
            asked is not node
            and isinstance(asked, ast.Constant)
            and re.fullmatch(r"(.*\.)?env(iron)?", ast.unparse(of))
        ):
            yield asked.value


def test_every_variable_that_is_read_is_described():
    """docs/reference/environment.md has each that the program reads or sets."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "vault", "**", "*.py"), recursive=True):
        with open(path, encoding="utf-8") as file:
            found |= set(variables(ast.parse(file.read())))
    table = "\n".join(re.findall(r"^\| (`.*?) \|", text_of("docs/reference/environment.md"), re.MULTILINE))
    described = set(re.findall(r"`([A-Za-z0-9_]+)`", table))
    assert {"HOME", "CI", "AWS_PROFILE", "XDG_DATA_HOME"} <= found & described
    assert found - described - set(INSTEAD) == UNSAID  # doctor says what to use instead of aws-vault's


def rows():
    """The lines of the README's table of features: what, and what each column says."""
    table = re.search(r"\n\| +\| awsvault-py \|.*?\n\|[-:| ]+\n(.*?)\n\n", text_of("README.md"), re.DOTALL)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.group(1).splitlines()]


def test_each_feature_has_its_test():
    """What the README claims for us is yes, in each line, and names a test that exists."""
    found = {row[0]: row[1] for row in rows()}
    assert set(found) == set(SHOWN)
    assert {re.split(r"[: ]", said)[0] for said in found.values()} == {"yes"}
    for test in SHOWING:
        path, _, name = test.partition("::")
        tree = ast.parse(text_of(path))
        assert any(isinstance(n, ast.FunctionDef) and n.name == name for n in tree.body), test


def test_each_features_test_is_collected():
    """By pytest, as scripts/test runs it: not renamed away, not left out."""
    files = sorted({test.partition("::")[0] for test in SHOWING})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:xdist", *files],
        cwd=ROOT, capture_output=True, text=True, timeout=250, check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    collected = {line.partition("[")[0] for line in done.stdout.splitlines()}
    assert not set(SHOWING) - collected


def test_the_table_of_commands_is_whole():
    """Each row's summary is one line, and its command loads."""
    for name, row in COMMANDS.items():
        assert EVERY[name,] is not None
        assert row.summary.endswith(".")
        assert len(shlex.split(row.summary.replace("'", ""))) < 16
