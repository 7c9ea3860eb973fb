"""What goes with the packages: bill of materials, checksums, Homebrew formula, notes, and lines that install from an index.

All of it follows from the packages, requirements/run.txt and CHANGELOG.md, so two runs write the same bytes.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
import uuid
from datetime import UTC, datetime
from importlib import metadata

from packaging.requirements import Requirement

from scripts.releasing.builds import ROOT, Unfit, commit_time, digest
from vault import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SBOM, SUMS, FORMULA, NOTES, LINES = (
    "awsvault-py.cdx.json", "SHA256SUMS", "awsvault-py.rb", "notes.md", "install-lines.md",
)  # fmt: skip
PUBLISHED = re.compile(r"(<!-- published -->\n).*?(<!-- /published -->\n)", re.DOTALL)  # in README.md
PIN = re.compile(
    r"^([\w.-]+)==([^ ;\\]+)([^\\\n]*)\\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)
PYTHON = "3.13"  # Homebrew's


def read(name: str) -> str:
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def project() -> dict:
    return tomllib.loads(read("pyproject.toml"))["project"]


def changes(version: str) -> str:
    """The section of a version in CHANGELOG.md, without its heading. Raise Unfit if there is none."""
    found = re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## \[|^\[)",
        read("CHANGELOG.md"),
        re.MULTILINE | re.DOTALL,
    )
    if found is None:
        raise Unfit(f"CHANGELOG.md has no section for {version} with a date")
    return found[1].strip() + "\n"


def same_version(tag: str) -> None:
    """Raise Unfit unless the tag is that of the version in vault/__init__.py, which CHANGELOG.md has."""
    if tag != f"v{__version__}":
        raise Unfit(f"the tag is {tag}, but the version is {__version__}; the tag must be v{__version__}")
    changes(__version__)


def write(folder: str, packages: Mapping[str, str], version: str) -> None:
    sdist = next(path for path in packages if path.endswith(".tar.gz"))
    texts = {
        SBOM: json.dumps(bill(packages, version), indent=2) + "\n",
        FORMULA: formula(os.path.basename(sdist), packages[sdist], version),
        LINES: install_lines(version),
        NOTES: f"{changes(version)}\n## Install\n\n{install_lines(version)}",
    }
    for name, text in texts.items():
        put(os.path.join(folder, name), text)
    summed = [*packages, os.path.join(folder, SBOM), os.path.join(folder, FORMULA)]
    put(os.path.join(folder, SUMS), "".join(f"{digest(path)}  {os.path.basename(path)}\n" for path in summed))


def put(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def bill(packages: Mapping[str, str], version: str) -> dict:
    """The CycloneDX document: the packages, every library that is installed with them, and who needs whom."""
    pins = {
        normal(name): (name, pinned, hashes)
        for name, pinned, _, hashes in PIN.findall(read("requirements/run.txt"))
    }
    own = component(project()["name"], version, sorted(packages.values()), kind="application")
    own["licenses"] = [{"expression": project()["license"]}]
    needs = {own["bom-ref"]: project()["dependencies"]}
    libraries = []
    for name, pinned, hashes in pins.values():
        library = component(
            name, pinned, sorted(re.findall(r"sha256:([0-9a-f]{64})", hashes)), kind="library"
        )
        libraries.append(library)
        needs[library["bom-ref"]] = requirements(name)
    refs = {normal(each["name"]): each["bom-ref"] for each in libraries}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, "".join(sorted(packages.values()))).urn,
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(int(commit_time()), UTC).isoformat(),
            "component": own,
        },
        "components": libraries,
        "dependencies": [
            {"ref": ref, "dependsOn": sorted({refs[each] for each in map(required, wanted) if each in refs})}
            for ref, wanted in needs.items()
        ],
    }


def component(name: str, version: str, hashes: list[str], *, kind: str) -> dict:
    where = f"pkg:pypi/{normal(name)}@{version}"
    properties = [{"name": "sha256 of a distribution", "value": each} for each in hashes]
    return {
        "type": kind,
        "bom-ref": where,
        "name": name,
        "version": version,
        "purl": where,
        "properties": properties,
    }


def requirements(name: str) -> list[str]:
    """What an installed library requires; nothing for one of another system, which is not installed here."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def required(requirement: str) -> str:
    """The normal name of a requirement that no extra asks for, else ""."""
    asked = Requirement(requirement)
    return "" if asked.marker is not None and "extra" in str(asked.marker) else normal(asked.name)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def formula(sdist: str, sha256: str, version: str) -> str:
    """The Homebrew formula: builds the sdist with pinned tools, and installs it with pinned libraries, each with its hash."""
    said = project()
    source, short = said["urls"]["Source"], said["description"].removeprefix("An ")
    return f"""\
# Made by scripts/release
class AwsvaultPy < Formula
  desc "{short[0].upper()}{short[1:]}"
  homepage "{said["urls"]["Homepage"]}"
  url "{source}/releases/download/v{version}/{sdist}"
  sha256 "{sha256}"
  license "{said["license"]}"

  depends_on "python@{PYTHON}"

  def install
    python = Formula["python@{PYTHON}"].opt_bin/"python{PYTHON}"
    {{ buildpath/"tools" => "build", libexec => "run" }}.each do |folder, pins|
      system python, "-m", "venv", folder
      system folder/"bin/python", "-m", "pip", "install", "--require-hashes", "-r", "requirements/#{{pins}}.txt"
    end
    system buildpath/"tools/bin/python", "-m", "hatchling", "build", "-t", "wheel", "-d", "wheels"
    system libexec/"bin/python", "-m", "pip", "install", "--no-deps", *Dir["wheels/*.whl"]
    bin.install_symlink libexec/"bin/awsvault-py"
    man1.install_symlink Dir[libexec/"share/man/man1/*.1"]
    generate_completions_from_executable(bin/"awsvault-py", "completion")
  end

  test do
    assert_match(/^awsvault-py .*{version}$/, shell_output("#{{bin}}/awsvault-py --version"))
  end
end
"""


def install_lines(version: str) -> str:
    """How to install from an index. Nothing in the repository says so before the release workflow has published the name."""
    name, source = project()["name"], project()["urls"]["Source"]
    owner = source.removeprefix("https://github.com/")
    lines = (
        f"uv tool install {name}=={version}",
        f"pipx install {name}=={version}",
        f"brew tap {owner} {source} && brew install {owner}/{name}",
        f"docker run --rm ghcr.io/{owner}:{version} --version",
    )
    return "```sh\n" + "\n".join(lines) + "\n```\n"


def publish(folder: str, version: str) -> None:
    """Put the formula and the lines that install from the index into the repository."""
    text, count = PUBLISHED.subn(
        lambda found: found[1] + install_lines(version) + found[2], read("README.md")
    )
    if count != 1:
        raise Unfit("README.md needs one place between <!-- published --> and <!-- /published -->")
    put(os.path.join(ROOT, "README.md"), text)
    os.makedirs(os.path.join(ROOT, "Formula"), exist_ok=True)
    with open(os.path.join(folder, FORMULA), encoding="utf-8") as file:
        put(os.path.join(ROOT, "Formula", FORMULA), file.read())
