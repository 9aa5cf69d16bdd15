"""The edition of the answers: what they say beyond the facts, in which words and in which shape."""

from typing import Final

from treaty_status.domain.refusals import Refusal

EDITION: Final = 1
"""Rises by one with every release in which an answer about the same facts is not the same bytes as before.

Texts, names, languages, the shape of documents and the reading of rules all belong to it; facts do not, they are in the
log. An edition is sealed with its release; a test then holds its answers to what they were.
"""


class UnknownEdition(Refusal):
    """The address asks for answers in an edition that this release has never heard of."""

    slug, title = "unknown-edition", "There is no such edition of the answers."


class EditionOver(Refusal):
    """The address asks for answers as an earlier release worded them; this one says the same facts in its own words."""

    slug, title = "edition-over", "These words belong to an earlier edition."
