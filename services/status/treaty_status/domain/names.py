"""Names in running text: with the article and the preposition that each takes in English and in French.

What does not look like a name (an id, an acronym) takes none.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple


class Named(NamedTuple):
    """A name as a subject, and after *of*; ``many``: it is a plural."""

    subject: str
    of: str
    many: bool = False


def named(name: str, lang: str) -> Named:
    """How a participant's name stands in a sentence."""
    if lang != "fr":
        the = f"the {name}" if _looks_like_a_name(name) and _takes_the(name) else name
        return Named(the, f"of {the}")
    article = _french_article(name) if _looks_like_a_name(name) else ""
    match article:
        case "":
            return Named(name, f"d'{name}" if name[:1] in _ELIDING else f"de {name}")
        case "le":
            return Named(f"le {name}", f"du {name}")
        case "les":
            return Named(f"les {name}", f"des {name}", many=True)
        case "l'":
            return Named(f"l'{name}", f"de l'{name}")
        case _:
            return Named(f"la {name}", f"de la {name}")


def listed(parts: Iterable[str], lang: str, *, more: int = 0) -> str:
    """One, two and three; those that are not named are counted at the end."""
    words = list(parts)
    if more:
        words.append(_others(more, lang))
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {'et' if lang == 'fr' else 'and'} {words[-1]}"


def _others(more: int, lang: str) -> str:
    if lang == "fr":
        return f"{more} autre{'s' if more > 1 else ''}"
    return f"{more} other{'s' if more > 1 else ''}"


def _looks_like_a_name(text: str) -> bool:
    return len(text) > 2 and text[0].isupper() and any(letter.islower() for letter in text) and "_" not in text


# ---- English ---------------------------------------------------------------------------------------------------------
_THE_BEFORE: Final = (
    "Bahamas",
    "Comoros",
    "Cook ",
    "Federated",
    "Gambia",
    "Holy See",
    "Maldives",
    "Marshall ",
    "Netherlands",
    "Niger",
    "Philippines",
    "Solomon ",
    "Sudan",
    "United ",
)
_THE_ANYWHERE: Final = (
    "Agency",
    "Association",
    "Commission",
    "Community",
    "Council",
    "Federation",
    "Fund",
    "Institute",
    "Islands",
    "Market",
    "Order",
    "Organisation",
    "Organization",
    "Republic",
    "State of",
    "Union",
)
_NO_THE: Final = ("Nigeria",)


def _takes_the(name: str) -> bool:
    before_brackets = name.partition(" (")[0]
    if before_brackets in _NO_THE:
        return False
    return name.startswith(_THE_BEFORE) or any(word in before_brackets for word in _THE_ANYWHERE)


# ---- French ----------------------------------------------------------------------------------------------------------
_ELIDING: Final = frozenset("AEIOUÉÈÊÎÔÂÛaeiouéèêîôâû")
_BARE: Final = (
    "Anguilla",
    "Antigua-et-Barbuda",
    "Aruba",
    "Bahreïn",
    "Bonaire",
    "Brunéi",
    "Cabo Verde",
    "Chypre",
    "Cuba",
    "Curaçao",
    "Djibouti",
    "El Salvador",
    "Fidji",
    "Gibraltar",
    "Guam",
    "Guernesey",
    "Haïti",
    "Israël",
    "Jersey",
    "Kiribati",
    "Madagascar",
    "Malte",
    "Maurice",
    "Monaco",
    "Montserrat",
    "Nauru",
    "Nioué",
    "Oman",
    "Pitcairn",
    "Porto Rico",
    "Saint-",
    "Sainte-",
    "Sao Tomé-et-Principe",
    "Singapour",
    "Sri Lanka",
    "Tokelau",
    "Zanzibar",
)
"""Names that take no article."""
_PLURAL: Final = (
    "Antilles",
    "Bahamas",
    "Bermudes",
    "Comores",
    "Émirats",
    "États-",
    "Îles ",
    "Maldives",
    "Nations",
    "Palaos",
    "Pays-Bas",
    "Philippines",
    "Samoa américaines",
    "Seychelles",
    "Tonga",
    "Tuvalu",
)
_MASCULINE: Final = (
    "Belize",
    "Bureau",
    "Cambodge",
    "Comité",
    "Congo",
    "Conseil",
    "Fonds",
    "Groupe",
    "Marché",
    "Mexique",
    "Mozambique",
    "Programme",
    "Royaume",
    "Saint-Siège",
    "Secrétariat",
    "Suriname",
    "Timor-Leste",
    "Yémen",
    "Zimbabwe",
)
"""Masculine, although another letter than *e* would be expected at the end, or a longer name follows."""
_FEMININE: Final = ("Sierra ",)


def _french_article(name: str) -> str:
    """Feminine where the first word ends in *e*, as the names of countries go; the rest is in the lists."""
    if name.startswith(_PLURAL):
        return "les"
    if name.startswith("Saint-Siège"):
        return "le"
    if name.startswith(_BARE):
        return ""
    if name[0] in _ELIDING:
        return "l'"
    if name.startswith(_MASCULINE):
        return "le"
    first = name.replace("-", " ").split(" ")[0]
    feminine = first.endswith(("e", "é")) or name.startswith(_FEMININE)
    return "la" if feminine else "le"
