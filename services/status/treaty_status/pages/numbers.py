"""Numbers as people read them."""

from babel.numbers import format_decimal, format_percent


def amount(value: int | float, lang: str) -> str:
    """Instruments as a whole number, a share of a table as a percentage with at most two places."""
    if isinstance(value, int):
        return str(format_decimal(value, locale=lang))
    return str(format_percent(value, format="#,##0.## %" if lang == "fr" else "#,##0.##%", locale=lang))
