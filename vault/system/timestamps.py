"""Times as other programs write them: text to Unix seconds. Imports nothing, so that it is fast enough for a shell
prompt.

It reads the forms that botocore reads and that have only one meaning: a year in four digits, and a zone that is a
number, UTC, GMT or Z. A test compares the two.
"""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = ("january", "february", "march", "april", "june", "july", "august", "sept", "september", "october", "november", "december")  # fmt: skip
_WEEKDAYS = (
    *("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
_UTC = frozenset({"Z", "z", "UTC", "GMT"})
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _NoTime(ValueError):
    """The text has none of the forms."""


def unix(text: str) -> int | None:
    """Whole Unix seconds of a time with a zone, as in ``2026-01-31T23:59:59Z``; None for anything else."""
    if not text.isascii():
        return None
    reader = _Reader(" ".join(text.split()))
    try:
        return _by_numbers(reader) if reader.text[:4].isdigit() else _by_name(reader)
    except _NoTime:
        return None


def _by_numbers(reader: "_Reader") -> int:
    """2026-01-31T23:59:59Z, with or without separators in date and time, and with a T or a space between them."""
    year = reader.digits(4, 4)
    between = reader.take("-/.")
    month = reader.digits(1 if between else 2, 2)
    if between:
        reader.need(between)
    day = reader.digits(1 if between else 2, 2)
    reader.need("Tt ")
    return _seconds(year, month, day, reader.time(), reader.rest())


def _by_name(reader: "_Reader") -> int:
    """Sat, 31 Jan 2026 23:59:59 GMT; Jan 31, 2026 23:59:59 UTC; Sat Jan 31 23:59:59 UTC 2026."""
    word = reader.word()
    if word in _WEEKDAYS:
        reader.take(",")
        reader.need(" ")
        word = reader.word()
    if word:
        month = _month(word)
        reader.need(" ")
        day = reader.digits(1, 2)
        reader.take(",")
        reader.need(" ")
        if not reader.followed_by_year():
            clock = reader.time()
            zone, _, last = reader.rest().rpartition(" ")
            end = _Reader(last)
            return _seconds(end.digits(4, 4), month, day, clock, zone + end.rest())
    else:
        day = reader.digits(1, 2)
        between = reader.need(" -")
        month = _month(reader.word())
        reader.need(between)
    year = reader.digits(4, 4)
    reader.need(" ")
    return _seconds(year, month, day, reader.time(), reader.rest())


def _month(word: str) -> int:
    if word in _MONTHS or word in _LONG:
        return _MONTHS.index(word[:3]) + 1
    raise _NoTime


def _seconds(year: int, month: int, day: int, clock: int, zone: str) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (year and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] + (leap and month == 2)):
        raise _NoTime
    year -= month <= 2  # from here on a year begins in March, so a leap day is its last day
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days * 86_400 + clock - _offset(zone)


def _offset(zone: str) -> int:
    """Seconds east of Greenwich."""
    reader = _Reader(zone.strip())
    if reader.text in _UTC:
        return 0
    sign = -1 if reader.need("+-") == "-" else 1
    hours = reader.digits(2, 2)
    minutes = reader.digits(2, 2) if reader.take(":") or reader.left else 0
    if reader.left or hours > 23 or minutes > 59:
        raise _NoTime
    return sign * (hours * 3_600 + minutes * 60)


class _Reader:
    """A text that is consumed from its start; _NoTime if it continues in another way."""

    __slots__ = ("_at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self.text)

    def take(self, wanted: str) -> str:
        """The next character if it is one of ``wanted``, otherwise none."""
        found = self.text[self._at : self._at + 1]
        if not found or found not in wanted:
            return ""
        self._at += 1
        return found

    def need(self, wanted: str) -> str:
        found = self.take(wanted)
        if not found:
            raise _NoTime
        return found

    def digits(self, least: int, most: int) -> int:
        found = ""
        while len(found) < most and (digit := self.take("0123456789")):
            found += digit
        if len(found) < least:
            raise _NoTime
        return int(found)

    def word(self) -> str:
        """Letters, in lower case."""
        start = self._at
        while self.text[self._at : self._at + 1].isalpha():
            self._at += 1
        return self.text[start : self._at].lower()

    def time(self) -> int:
        """Seconds since midnight of 23, 23:59, 23:59:59, 23:59:59.9 or 235959. A fraction is dropped."""
        hour = self.digits(1, 2)
        colon = self.take(":")
        minute = self.digits(2, 2) if colon or self.text[self._at : self._at + 1].isdigit() else 0
        second = 0
        if self.take(":") if colon else self.text[self._at : self._at + 1].isdigit():
            second = self.digits(2, 2)
            if self.take(".,"):
                self.digits(1, 99)
        if hour > 23 or minute > 59 or second > 59:
            raise _NoTime
        return hour * 3_600 + minute * 60 + second

    def followed_by_year(self) -> bool:
        ahead = self.text[self._at : self._at + 5]
        return ahead[:4].isdigit() and ahead[4:] == " "

    def rest(self) -> str:
        found, self._at = self.text[self._at :], len(self.text)
        return found
