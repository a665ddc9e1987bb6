"""Base58 with the Bitcoin alphabet, as did:key and CIDs are spelled."""

from __future__ import annotations

from storage.errors import DecodeError

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_MAX_TEXT = 256


def base58_of(data: bytes) -> str:
    """Return the spelling of data."""
    number = int.from_bytes(data)
    letters: list[str] = []
    while number:
        number, value = divmod(number, 58)
        letters.append(_ALPHABET[value])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(letters))


def base58_from(text: str) -> bytes:
    """Return the bytes that text spells. Each byte string has exactly one spelling.

    Raises:
        DecodeError: a letter that is not in the alphabet, or too long.
    """
    if len(text) > _MAX_TEXT:  # the work grows with the square of the length
        raise DecodeError("a base58 text that is too long")
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            raise DecodeError("a letter that base58 does not have")
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
