"""Numbers as people read them."""

from babel.numbers import format_decimal, format_percent


def amount(value: int | float, lang: str, *, need: int | float) -> str:
    """Instruments and amounts of a table as numbers, a share of a whole as a percentage with at most two places.

    What is needed tells which it is: nobody asks for more than the whole.
    """
    if isinstance(value, int) or need > 1:
        return str(format_decimal(value, locale=lang))
    return str(format_percent(value, format="#,##0.## %" if lang == "fr" else "#,##0.##%", locale=lang))
