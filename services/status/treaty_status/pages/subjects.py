"""What conditions are about, in words: groups, tables, other treaties, and what is wanting to know them."""

from collections.abc import Callable
from dataclasses import dataclass

from treaty_status.domain.words import wanting
from treaty_status.pages.wording import Words

GroupName = Callable[[str, str], str | None]
"""The name of a group in a language; None where the registry does not hold the group."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Says them in one language."""

    say: Words
    group: GroupName

    def subject(self, op: str, subject: str | None) -> str:
        """What a condition is about."""
        if subject is None:
            return ""
        if op == "weight":
            return self.say("subject.table", name=subject)
        if op in {"fraction", "everyone"}:
            return self.population(subject)
        return subject

    def population(self, name: str) -> str:
        """The members of a group, or a list under its own name."""
        group = self.group(name.removeprefix("list:").removeprefix("group:"), self.say.lang)
        return self.say("subject.list", name=name.rpartition(":")[2]) if group is None else group

    def wanting(self, names: "list[str] | tuple[str, ...]") -> str:
        """What would have to be recorded for an answer, each thing once."""
        return ", ".join(dict.fromkeys(self._wanted(name) for name in names))

    def _wanted(self, name: str) -> str:
        kind, _, rest = name.partition(":")
        match kind:
            case "table":
                return self.say("subject.table", name=rest)
            case "treaty":
                return self.say("wanting.treaty", name=rest)
            case "population" | "group":
                return self.say("wanting.population", name=self.population(rest))
            case "fact":
                return wanting(name, self.say.lang)
            case "objections" | "rule":
                return self.say(f"wanting.{kind}")
            case _:
                return name
