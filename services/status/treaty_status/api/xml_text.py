"""Text as XML can hold it."""

import re
from typing import Final

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def xml_text(text: str) -> str:
    """The text without the characters that XML 1.0 has no way to write (section 2.2)."""
    return _FORBIDDEN.sub("", text)
