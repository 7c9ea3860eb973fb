"""The parser of AWS's file format: text to sections. No files, no environment.

Follows the grammar that AWS's SDKs share. Where botocore reads a file differently, the shared grammar wins, and a note
keeps the line for ``doctor`` (docs/resolution.md lists every case).
"""

from __future__ import annotations

from vault import errors
from vault.profiles.command_words import Unbalanced, split
from vault.profiles.ini import ParseNote, Property, Section, Sections, can_be_named, is_name, uncommented
from vault.text import safe

_PREFIXES = ("profile", "sso-session", "services")
# Sections that only the AWS CLI reads: nothing to note about them.
_CLI_ONLY = ("preview", "plugins", "toplevel")


def parse(text: str, *, path: str, kind: str) -> Sections:
    """The sections of a file. ``kind`` is "config" or "credentials"; ``path`` is for messages.

    ConfigError with path and line if the shared grammar calls the file broken.
    """
    return Parser(path, kind).run(text)


class Parser:
    """The state of one run: the open section (None: ignored), and the property that a continuation line would extend.

    Errors in AWS's words ("Expected an '=' sign defining a property") are those of the SDKs' shared test cases.
    """

    def __init__(self, path: str, kind: str) -> None:
        self.path = path
        self.config = kind == "config"
        self.tables: dict[str, dict[str, Section]] = {p: {} for p in (*_PREFIXES, "plain default")}
        self.notes: list[ParseNote] = []
        self.opened = False
        self.section: Section | None = None
        self.last: Property | None = None
        self.ignoring = False  # the continuation of an ignored property
        self.left = 0  # indentation of the current line
        self.depth: int | None = None  # indentation of the newest property in the open section
        self.shifted = False  # a header or property is indented
        self.block = ""  # the indented property without a value in the open section

    def fail(self, line: int, message: str, hint: str | None = None) -> errors.ConfigError:
        return errors.ConfigError(f"{safe(self.path)}:{line}: {message}", hint=hint)

    def note(self, line: int, message: str, *, intended: str | None = None, fatal: bool = False) -> None:
        self.notes.append(ParseNote(self.path, line, message, intended, fatal))

    def run(self, text: str) -> Sections:
        if text[:1] == "\ufeff":
            text = text[1:]
            message = "the file starts with a byte order mark: botocore and the AWS CLI cannot read it"
            self.note(1, message, fatal=True)
        for number, line in enumerate(text.split("\n"), 1):
            first = line[:1]
            if first == "" or first in "#;":
                continue
            if first == "[":
                self.header(number, line)
            elif first in " \t":
                self.indented(number, line)
            else:
                self.left = 0
                self.property(number, line)
        return self.finish()

    def indented(self, number: int, line: str) -> None:
        """An indented line: it continues a property that is indented less, otherwise it is a line of its own."""
        text = line.strip()
        depth = len(line) - len(line.lstrip())
        deeper = self.depth is not None and depth > self.depth
        if deeper and text[:1] == "[" and uncommented(text)[-1:] == "]":
            raise self.fail(
                number,
                "an indented header: botocore reads it as part of the line above, JavaScript and Go as a header",
                hint="remove the indentation of the header",
            )
        if not text or text[0] in "#;" or deeper:
            self.continuation(number, line)
            return
        if text[0] != "[" and "=" not in text and self.opened and self.depth is None:
            if self.section is not None:
                raise self.fail(number, "Expected a property definition, found continuation")
            return
        if not self.shifted:
            self.shifted = True
            message = "an indented line: the SDKs of Java and Rust refuse the file, others read it"
            self.note(number, message, fatal=True)
        if text[0] == "[":
            self.header(number, text)
            return
        self.left = depth
        self.property(number, text)
        self.note_block(number)

    def note_block(self, number: int) -> None:
        """Note an indented property after one without a value, which JavaScript and Go read as the head of a block."""
        if self.block and self.last is not None:
            self.note(number, f"the SDKs of JavaScript and Go read this line as part of {self.block}")
        elif self.last is not None and not self.last.value:
            self.block = self.last.name

    def finish(self) -> Sections:
        profiles = self.tables["profile"]
        plain = self.tables["plain default"].get("default")
        if plain is not None:
            if "default" in profiles:
                self.note(
                    plain.line,
                    "[default] is ignored because the file has [profile default]; botocore uses the last of the two",
                )
            else:
                profiles["default"] = plain
        return Sections(
            self.path,
            profiles,
            self.tables["sso-session"],
            self.tables["services"],
            tuple(self.notes),
        )

    def header(self, number: int, line: str) -> None:
        line = line.rstrip()
        end = line.find("]")
        rest = line[end + 1 :].lstrip()
        if end < 0 or (rest and rest[0] not in "#;" and not line.endswith("]")):
            raise self.fail(number, "Profile definition must end with ']'")
        written = line[1:end] if not rest or rest[0] in "#;" else line[1:-1]
        inner = written.strip(" \t")  # any other white space is part of the name, in botocore too
        self.opened, self.last, self.ignoring = True, None, False
        self.depth, self.block = None, ""
        self.note_header(number, written, inner)
        place = self._config_table(number, inner) if self.config else self._credentials_table(number, inner)
        if place is None:
            self.section = None
            return
        table, name = place
        known = self.tables[table].get(name)
        if known is None:
            known = self.tables[table][name] = Section(name, number, {}, [])
        else:
            message = f"[{safe(inner)}] is in the file twice: the keys are merged, botocore refuses the file"
            self.note(number, message, fatal=True)
        self.section = known

    def note_header(self, number: int, written: str, inner: str) -> None:
        """Note a header that botocore reads as something else."""
        if inner == "DEFAULT":
            self.note(number, "[DEFAULT] is not a profile; in botocore every section inherits its keys")
        elif written[:1].isspace() or (written != inner and not (self.config and " " in inner)):
            self.note(number, "botocore reads the spaces inside the brackets as part of the name")

    def _config_table(self, number: int, inner: str) -> tuple[str, str] | None:
        if inner == "default":
            return "plain default", "default"
        prefix, _, rest = inner.replace("\t", " ").partition(" ")
        rest = rest.strip(" ")
        if prefix in _PREFIXES and is_name(rest):
            return prefix, rest
        # botocore looks only at how a header begins, and takes the second of two words as the name.
        table = next((known for known in _PREFIXES if inner.startswith(known)), None)
        name = self._second_word(inner) if table is not None else None
        shown = safe(inner)
        if table is not None and name is not None:
            self.note(number, f"[{shown}]: only botocore and the AWS CLI read such a name")
            return table, name
        if prefix in _PREFIXES and rest:
            intended = rest if prefix == "profile" else None
            message = f"[{shown}] is ignored: it has more than one word; put a name with spaces in quotes"
            self.note(number, message, intended=intended)
        elif is_name(inner) and inner not in (*_CLI_ONLY, "DEFAULT"):
            self.note(number, f"[{shown}] is ignored: in this file, write [profile {inner}]", intended=inner)
        elif inner not in _CLI_ONLY:
            self.note(number, f"[{shown}] is ignored: AWS's tools do not know this section", intended=inner)
        return None

    @staticmethod
    def _second_word(inner: str) -> str | None:
        """The name in ``profile "my dev"``, as botocore splits it; None if that is not a single name."""
        try:
            words = split(inner)
        except Unbalanced:
            return None
        return words[1] if len(words) == 2 and can_be_named(words[1]) else None

    def _credentials_table(self, number: int, inner: str) -> tuple[str, str] | None:
        if is_name(inner):
            return "profile", inner
        prefix, _, rest = inner.partition(" ")
        shown = safe(inner)
        if prefix in _PREFIXES[1:] or not can_be_named(inner):
            message = f"[{shown}] is ignored: it is not a profile's header in this file"
            self.note(number, message, intended=rest if prefix == "profile" else inner)
            return None
        message = f"[{shown}]: only botocore and the AWS CLI read such a name"
        intended = rest.strip(" ") if prefix == "profile" else None
        if intended is not None:
            message += f"; for the profile {safe(intended)}, write [{safe(intended)}]"
        self.note(number, message, intended=intended)
        return "profile", inner

    def property(self, number: int, line: str) -> None:
        if "#" in line or ";" in line:
            line = self.without_comment(number, line)
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not name and not equals:
            return
        if not self.opened:
            raise self.fail(number, "Expected a profile definition")
        if not equals:
            raise self.fail(number, "Expected an '=' sign defining a property")
        if not name:
            raise self.fail(number, "Property did not have a name")
        self.ignoring = True
        self.depth = self.left
        if not self.depth:
            self.block = ""
        if self.section is None:
            return
        name = name.lower()
        if not is_name(name):
            self.last = None
            self.section.bad_names.append((name, number))
            self.note(number, f"{safe(name)!r} is ignored: it is not a valid name for a key")
            return
        properties = self.section.properties
        if name in properties:
            message = f"{safe(name)} is set twice and this value counts; botocore refuses the file"
            self.note(number, message, fatal=True)
        self.ignoring = False
        self.last = properties[name] = Property(name, value, number)

    def without_comment(self, number: int, line: str) -> str:
        cut = uncommented(line)
        if cut != line.rstrip():
            self.note(number, "botocore reads the comment after a value as part of the value")
        return cut

    def continuation(self, number: int, line: str) -> None:
        text = line.strip()
        if not text:
            return
        if text[0] in "#;":
            if self.last is not None and not self.shifted:
                self.note(number, f"an indented comment: some SDKs read it as part of {self.last.name}")
            return
        if not self.opened:
            raise self.fail(number, "Expected a profile definition")
        if self.section is None or self.ignoring or self.last is None:
            return
        last = self.last
        if not last.value or last.value[0] == "\n":
            name, equals, _ = text.partition("=")
            if not equals:
                raise self.fail(number, "Expected an '=' sign defining a sub-property")
            if not name.strip():
                raise self.fail(number, "Sub-property did not have a name")
        longer = last._replace(value=f"{last.value}\n{text}", parts=(*last.parts, (number, text)))
        self.last = self.section.properties[last.name] = longer
