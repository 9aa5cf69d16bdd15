"""What the letters behind a day mean: only what the header of that very column says, upper and lower case apart.

``Ratification, Acceptance(A), Accession(a)``: a cell without a letter is the item without a code, and where two items
have no code the header does not tell which of them it is.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from treaty_events import Action
from treaty_status.application.sheets import Reason

_COMMA: Final = re.compile(r",(?![^(]*\))")
_ITEM: Final = re.compile(r"(?P<name>.*?)\s*(?:\(\s*(?P<code>[A-Za-z]{1,4})\s*\))?", re.S)
_ACTIONS: Final = {
    "signature": Action.SIGNATURE,
    "signatures": Action.SIGNATURE,
    "succession to signature": Action.SUCCESSION_TO_SIGNATURE,
    "definitive signature": Action.DEFINITIVE_SIGNATURE,
    "signature without reservation as to ratification": Action.DEFINITIVE_SIGNATURE,
    "signature without reservation as to acceptance": Action.DEFINITIVE_SIGNATURE,
    "signature without reservation as to approval": Action.DEFINITIVE_SIGNATURE,
    "ratification": Action.RATIFICATION,
    "acceptance": Action.ACCEPTANCE,
    "approval": Action.APPROVAL,
    "accession": Action.ACCESSION,
    "formal confirmation": Action.FORMAL_CONFIRMATION,
    "act of formal confirmation": Action.FORMAL_CONFIRMATION,
    "succession": Action.SUCCESSION,
    "simplified procedure": Action.SIMPLIFIED_PROCEDURE,
    "consent to be bound": Action.CONSENT_TO_BE_BOUND,
    "participation": Action.CONSENT_TO_BE_BOUND,
}
_PROVISIONAL: Final = re.compile(
    r"(?:undertaking of |notification of )?provisional application"
    r"(?: by notification|(?: in accordance with| under| pursuant to) article \w+(?: ?\(\w+\))*)?"
)
_TERRITORIES: Final = re.compile(r"\bterritor|^extension\b|^application\b|\bannex(?:es)?\b|\bagenc(?:y|ies)\b")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a header: the act it stands for, or the reason why it stands for none."""

    name: str
    action: Action | None
    why: Reason = Reason.NOT_AN_ACT
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its cells may mean: ``coded`` by suffix, ``bare`` without one."""

    header: str
    coded: dict[str, tuple[Item, ...]]
    bare: tuple[Item, ...]

    def meaning(self, suffix: str) -> Item:
        """The item that a suffix (empty: none) stands for here; one without an act where the header does not tell."""
        items = self.coded.get(suffix, ()) if suffix else self.bare
        if len(items) == 1:
            return items[0]
        if suffix and not items:
            codes = ", ".join(sorted(self.coded)) or "none"
            return _untold(
                Reason.UNDEFINED_SUFFIX,
                f"The header {self.header!r} defines no suffix {suffix!r} (defined: {codes}; case matters).",
            )
        if suffix:
            names = ", ".join(item.name for item in items)
            return _untold(
                Reason.UNDEFINED_SUFFIX, f"The header {self.header!r} defines the suffix {suffix!r} twice ({names})."
            )
        if not items:
            return _untold(
                Reason.UNSPECIFIED_ITEM,
                f"The cell has no suffix, and every item of the header {self.header!r} has a code.",
            )
        names = ", ".join(item.name for item in items)
        return _untold(
            Reason.UNSPECIFIED_ITEM,
            f"The cell has no suffix, and the header {self.header!r} has {len(items)} items without a code ({names}).",
        )


@lru_cache(maxsize=1_024)
def column(header: str) -> Column:
    """The column behind a plain header."""
    coded: dict[str, tuple[Item, ...]] = {}
    bare: list[Item] = []
    for part in _COMMA.split(header):
        found = _ITEM.fullmatch(part.strip())
        if found is None or not found["name"]:
            continue
        item = _item(found["name"])
        if found["code"] is None:
            bare.append(item)
        else:
            coded[found["code"]] = (*coded.get(found["code"], ()), item)
    return Column(header, coded, tuple(bare))


def _item(name: str) -> Item:
    words = " ".join(name.casefold().split())
    action = _ACTIONS.get(words)
    if action is None and _PROVISIONAL.fullmatch(words):
        action = Action.PROVISIONAL_APPLICATION
    if action is not None:
        return Item(name, action)
    if _TERRITORIES.search(words):
        return Item(
            name,
            None,
            Reason.TERRITORY,
            f"The column's item {name!r} extends the treaty to territories, annexes or agencies; that joins nobody.",
        )
    return Item(
        name, None, Reason.NOT_AN_ACT, f"The header's item {name!r} is not one of the acts by which anyone joins."
    )


def _untold(why: Reason, detail: str) -> Item:
    return Item("", None, why, detail)
