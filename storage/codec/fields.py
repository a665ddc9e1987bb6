"""Taking apart a decoded map: each field named, checked, and none left over."""

from __future__ import annotations

from storage.codec.cid import Cid
from storage.codec.dagcbor import MAX_INT, MIN_INT
from storage.codec.shape import is_list, is_map
from storage.errors import DecodeError


class Fields:
    """A map whose fields are taken one by one; `end` refuses what nobody asked for."""

    __slots__ = ("_left", "_what")

    def __init__(self, value: object, what: str) -> None:
        """Begin with a decoded value. `what` names it in messages: "an invite".

        Raises:
            DecodeError: not a map.
        """
        if not is_map(value):
            raise DecodeError(f"{what} is not a map")
        self._left = dict(value)
        self._what = what

    def end(self) -> None:
        """Refuse fields that were not taken."""
        if self._left:
            raise DecodeError(f"{self._what} has a field that is not known")

    def has(self, name: str) -> bool:
        """Say whether the field is there and was not taken."""
        return name in self._left

    def value(self, name: str) -> object:
        """Take a field of any type.

        Raises:
            DecodeError: it is missing. (The others raise this as well.)
        """
        try:
            return self._left.pop(name)
        except KeyError:
            raise DecodeError(f"{self._what} lacks {name}") from None

    def text(self, name: str, longest: int = 1024) -> str:
        """Take a text of at most `longest` letters."""
        value = self.value(name)
        if not isinstance(value, str) or len(value) > longest:
            raise self._wrong(name)
        return value

    def raw(self, name: str, size: int | None = None) -> bytes:
        """Take bytes, of exactly `size` if given."""
        value = self.value(name)
        if not isinstance(value, bytes) or (size is not None and len(value) != size):
            raise self._wrong(name)
        return value

    def number(self, name: str, low: int = MIN_INT, high: int = MAX_INT) -> int:
        """Take a number from low to high, both included."""
        value = self.value(name)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name)
        return value

    def number_or_none(self, name: str, low: int = MIN_INT, high: int = MAX_INT) -> int | None:
        """Take a number or null."""
        return None if self.is_null(name) else self.number(name, low, high)

    def is_null(self, name: str) -> bool:
        """Take a field if it is null, and say whether it was; any other stays."""
        if self._left.get(name, self) is not None:
            return False
        del self._left[name]
        return True

    def items(self, name: str, longest: int = 65_536) -> list[object]:
        """Take a list of at most `longest` items."""
        value = self.value(name)
        if not is_list(value) or len(value) > longest:
            raise self._wrong(name)
        return value

    def mapping(self, name: str) -> dict[str, object]:
        """Take a map."""
        value = self.value(name)
        if not is_map(value):
            raise self._wrong(name)
        return value

    def cids(self, name: str, longest: int) -> tuple[Cid, ...]:
        """Take a list of at most `longest` links."""
        found: list[Cid] = []
        for item in self.items(name, longest):
            if not isinstance(item, Cid):
                raise self._wrong(name)
            found.append(item)
        return tuple(found)

    def _wrong(self, name: str) -> DecodeError:
        return DecodeError(f"{self._what} has a {name} that is not right")
