"""One spelling for every way of writing the same name."""

import re
import unicodedata

# Letters that NFKD leaves whole.
_WHOLE_LETTERS = str.maketrans(
    {"đ": "d", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "&": " and "}
)
_APOSTROPHES = re.compile(r"['’‘ʼʻ`´′]\s*")
_BRACKETED = re.compile(r"^(?P<head>[^()]+?)\s*\((?P<tail>[^()]+)\)\s*$")
_INVERTED = re.compile(r"^(?P<head>[^,]+),(?P<tail>[^,]+)$")
_OTHER = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """The key under which a name is looked up: case, accents, apostrophes, punctuation and word order of brackets gone.

    `Iran (Islamic Republic of)`, `Iran, Islamic Republic of` and `the Islamic Republic of Iran` have one key.
    Two different names keep different keys: nothing is shortened, nothing is guessed.
    """
    plain = _without_marks(text.strip().casefold())
    plain = _APOSTROPHES.sub("'", plain).translate(_WHOLE_LETTERS)
    words = _OTHER.sub(" ", _straightened(plain).replace("' ", "").replace("'", "")).split()
    words = ["saint" if word == "st" else word for word in words]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")


def _straightened(text: str) -> str:
    """`X (Y of)` and `X, Y of` turned round to `Y of X`."""
    turned = _BRACKETED.match(text) or _INVERTED.match(text)
    return f"{turned['tail'].strip()} {turned['head'].strip()}" if turned else text
