"""What would have been taken in place of what was refused: the values of a field, the fields of an object."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Final

from msgspec import inspect

MOST_NAMED: Final = 40


def way_out(shape: Any, steps: Iterable[str], text: str) -> str | None:
    """What to send instead; None where nothing more than the fault itself can be said.

    ``steps`` lead from the whole body to the place, names of fields and anything else for an index; ``text`` is what
    was found there.
    """
    places = list(_places(inspect.type_info(shape), list(steps)))
    known: list[str] = []
    if text.startswith("Invalid enum value"):
        known = [value for place in places for value in _values(place)]
    elif text.startswith("Object contains unknown field"):
        known = [
            field.encode_name for place in places if isinstance(place, inspect.StructType) for field in place.fields
        ]
    if not known:
        return None
    near = get_close_matches(text.replace("`", "").replace("'", "").rsplit(" ", 1)[-1], known, n=2, cutoff=0.6)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return f"{meant}There are: {', '.join(known[:MOST_NAMED])}{', …' if len(known) > MOST_NAMED else ''}."


def _places(at: inspect.Type, steps: list[str]) -> Iterator[inspect.Type]:
    if isinstance(at, inspect.Metadata):
        yield from _places(at.type, steps)
    elif isinstance(at, inspect.UnionType):
        for one in at.types:
            yield from _places(one, steps)
    elif not steps:
        yield at
    elif isinstance(at, inspect.StructType):
        for field in at.fields:
            if field.encode_name == steps[0]:
                yield from _places(field.type, steps[1:])
    elif isinstance(at, inspect.CollectionType):
        yield from _places(at.item_type, steps[1:])
    elif isinstance(at, inspect.DictType):
        yield from _places(at.value_type, steps[1:])


def _values(place: inspect.Type) -> list[str]:
    if isinstance(place, inspect.EnumType):
        return [str(one.value) for one in place.cls]
    if isinstance(place, inspect.LiteralType):
        return [str(one) for one in place.values]
    return []
