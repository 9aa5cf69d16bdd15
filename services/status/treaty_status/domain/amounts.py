"""Exact amounts as text: whole numbers, decimals and fractions; no exponents, since ``1e999999999`` is short, too."""

import re
from fractions import Fraction
from typing import Final

EXACT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15}|/[0-9]{1,15})?")
"""What such a text looks like; ``1/0`` looks so and is none."""


def is_amount(text: str) -> bool:
    """Is it an exact amount, nought or more?"""
    if not EXACT.fullmatch(text):
        return False
    try:
        Fraction(text)
    except ZeroDivisionError:
        return False
    return True
