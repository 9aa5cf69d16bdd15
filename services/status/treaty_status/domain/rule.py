"""The clauses of a treaty as data: who may join, what brings it into force, who is bound when, how to leave.

One JSON document per treaty, a closed vocabulary, every node composable. No rule is ever code for one treaty.
"""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from treaty_events.actions import Action
from treaty_status.domain.iso import IsoDate


class Part(BaseModel):
    """A piece of a rule: frozen, and refusing words it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _exact(text: str) -> str:
    try:
        Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"A share or amount is exact text such as 0.55 or 2/3 (got: {text[:40]!r}).") from None
    return text


Exact = Annotated[str, AfterValidator(_exact), Field(max_length=40)]
Clause = Annotated[str, Field(min_length=1, max_length=120)]
OrganisationPolicy = Literal["not_additional", "never", "counts", "as_members"]


# ---- who counts ------------------------------------------------------------------------------------------------------
class AttributeAtLeast(Part):
    """Only participants whose value in a table is large enough."""

    table: str
    value: Exact


class Who(Part):
    """Which living consents count. ``groups``: member of all, on the day of consent. None: every mode of the treaty."""

    actions: tuple[Action, ...] | None = None
    kinds: tuple[Literal["state", "reio", "io", "territory", "entity"], ...] | None = None
    groups: tuple[str, ...] = ()
    party_to: str | None = None
    attribute: AttributeAtLeast | None = None
    reio: OrganisationPolicy = "not_additional"


# ---- conditions ------------------------------------------------------------------------------------------------------
class Count(Part):
    """So many consents."""

    op: Literal["count"]
    at_least: Annotated[int, Field(ge=1, le=1000)]
    who: Who = Who()


class Weight(Part):
    """Consents that together hold so much of a table."""

    op: Literal["weight"]
    table: str
    at_least: Exact
    who: Who = Who()


class Share(Part):
    """So great a part of a population; the number needed is rounded up."""

    op: Literal["fraction"]
    of: str
    at_least: Exact
    who: Who = Who()


class Everyone(Part):
    """Everybody of a population."""

    op: Literal["everyone"]
    of: str
    who: Who = Who()


class DateReached(Part):
    """A day has come."""

    op: Literal["date_reached"]
    at: "DateExpr"


class Certified(Part):
    """A decision, certificate or quantity was recorded under this key."""

    op: Literal["fact"]
    key: str


class TreatyInForce(Part):
    """Another treaty is in force."""

    op: Literal["treaty_in_force"]
    treaty: str


class NotBlocked(Part):
    """Tacit acceptance: on that day nothing blocks."""

    op: Literal["not_blocked"]
    until: "DateExpr"
    blocked_if: "Condition"


class All(Part):
    """Every one of these at once."""

    op: Literal["all"]
    of: Annotated[tuple["Condition", ...], Field(min_length=1)]


class Any_(Part):  # noqa: N801 - `Any` is taken by typing
    """At least one of these."""

    op: Literal["any"]
    of: Annotated[tuple["Condition", ...], Field(min_length=1)]


Condition = Annotated[
    Count | Weight | Share | Everyone | DateReached | Certified | TreatyInForce | NotBlocked | All | Any_,
    Field(discriminator="op"),
]


# ---- dates -----------------------------------------------------------------------------------------------------------
RefName = Literal["threshold", "eif", "own", "received", "adoption", "opening", "circulated", "specified"]


class Ref(Part):
    """A day known by its part in the story; ``specified`` is the one the instrument itself names, if any."""

    op: Literal["ref"]
    name: RefName


class On(Part):
    """A fixed day."""

    op: Literal["on"]
    date: IsoDate


class Plus(Part):
    """So much later; months and years keep the day number, clamped to the month's end. The first day is day zero."""

    op: Literal["plus"]
    days: Annotated[int, Field(ge=0, le=36525)] = 0
    months: Annotated[int, Field(ge=0, le=1200)] = 0
    years: Annotated[int, Field(ge=0, le=100)] = 0
    of: "DateExpr | None" = None


class FirstOfNextMonth(Part):
    """The first day of the month after."""

    op: Literal["first_of_next_month"]
    of: "DateExpr"


class FirstOfNthMonth(Part):
    """The first day of the nth month after the month of the trigger."""

    op: Literal["first_of_nth_month"]
    n: Annotated[int, Field(ge=1, le=1200)]
    of: "DateExpr | None" = None


class Later(Part):
    """Whichever is the later."""

    op: Literal["later"]
    of: Annotated[tuple["DateExpr", ...], Field(min_length=1)]


class Earlier(Part):
    """Whichever is the earlier."""

    op: Literal["earlier"]
    of: Annotated[tuple["DateExpr", ...], Field(min_length=1)]


DateExpr = Annotated[Ref | On | Plus | FirstOfNextMonth | FirstOfNthMonth | Later | Earlier, Field(discriminator="op")]


# ---- clauses ---------------------------------------------------------------------------------------------------------
class Track(Part):
    """One way into force: when the condition holds, then that day. The guards look at the threshold date."""

    clause: Clause
    when: Condition
    then: DateExpr
    threshold_before: IsoDate | None = None
    threshold_from: IsoDate | None = None
    source: str | None = None


class Each(Part):
    """When one participant is bound; the first clause that fits its own day and mode decides."""

    clause: Clause
    own: Literal["by_threshold", "before_eif", "from_eif"] | None = None
    modes: tuple[Action, ...] | None = None
    except_objectors: bool = False
    then: DateExpr
    source: str | None = None


class Leaving(Part):
    """How a party leaves, and when that takes effect."""

    clause: Clause
    not_before: DateExpr | None = None
    takes_effect: DateExpr
    revocable_before_effect: bool = True
    cascades_to: Literal["none", "protocols", "parent_leaves_this"] = "none"
    needs: tuple[str, ...] = ()
    source: str | None = None


class Joining(Part):
    """Who may join, by which acts, when."""

    clause: Clause
    modes: Annotated[tuple[Action, ...], Field(min_length=1)]
    who: str = "all_states"
    signature_from: IsoDate | None = None
    signature_until: IsoDate | Literal["eif"] | None = None
    signature_required: bool = True
    accession_opens: Literal["always", "after_signature_closes", "after_eif", "by_invitation"] = "always"
    reio_needs_member: Literal["none", "signed", "consented"] = "none"
    parent: str | None = None
    source: str | None = None


class TreatyRule(Part):
    """All of it. ``latch``: between threshold and entry into force a withdrawal does not un-fix the date."""

    treaty: str
    title: str
    joining: Joining | None = None
    in_force: Annotated[tuple[Track, ...], Field(min_length=1)]
    for_each: tuple[Each, ...] = ()
    floor_each_at_eif: bool = True
    leaving: tuple[Leaving, ...] = ()
    below_threshold: Literal["stays_in_force", "terminates"] = "stays_in_force"
    latch: bool = True
    source: str | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "TreatyRule":
        nodes = sum(1 for track in self.in_force for _ in walk(track.when))
        if nodes > MOST_NODES:
            raise ValueError(f"A rule has at most {MOST_NODES} conditions (got: {nodes}).")
        return self


MOST_NODES = 200


def walk(condition: "Condition") -> "list[Condition]":
    """A condition and everything below it."""
    match condition:
        case All(of=parts) | Any_(of=parts):
            return [condition, *(node for part in parts for node in walk(part))]
        case NotBlocked(blocked_if=inner):
            return [condition, *walk(inner)]
        case _:
            return [condition]


for _model in (
    DateReached,
    NotBlocked,
    All,
    Any_,
    Plus,
    FirstOfNextMonth,
    FirstOfNthMonth,
    Later,
    Earlier,
    Track,
    Each,
    Leaving,
    TreatyRule,
):
    _model.model_rebuild()
