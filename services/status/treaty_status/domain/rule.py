"""The clauses of a treaty as data: who may join, what brings it into force, who is bound when, how to leave.

One JSON document per treaty, a closed vocabulary, every node composable. No rule is ever code for one treaty.
"""

from calendar import monthrange
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from treaty_events.actions import CONSENT, Action
from treaty_status.domain.amounts import EXACT, is_amount
from treaty_status.domain.iso import IsoDate
from treaty_status.domain.tables import Table

MOST_NODES: Final = 200
"""Conditions, dates and clauses in one rule; the longest real one has about thirty."""
MOST_DEEP: Final = 24
"""How deep conditions and dates may nest."""
MOST_TEXT: Final = 1_000
"""Characters in one text of a rule."""
MOST_NAMED: Final = 400
"""Participants in one list or table of a rule; there are about two hundred States."""


class Part(BaseModel):
    """A piece of a rule: frozen, and refusing words it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _exact(text: str) -> str:
    if is_amount(text) and Fraction(text) > 0:
        return text
    raise ValueError(f"A share or amount is exact, positive text such as 0.55 or 2/3 (got: {text[:40]!r}).")


def _amount(text: str) -> str:
    if is_amount(text):
        return text
    raise ValueError(f"A value in a table is exact text such as 0.55, 17 or 2/3 (got: {text[:40]!r}).")


def _part_of_a_whole(text: str) -> str:
    if Fraction(text) > 1:
        raise ValueError(f"A part of a population is at most the whole (got: {text}).")
    return text


def _consenting(action: Action) -> Action:
    if action not in CONSENT:
        raise ValueError(f"This act does not express consent to be bound (got: {action.value}).")
    return action


def _countable(action: Action) -> Action:
    return action if action is Action.PROVISIONAL_APPLICATION else _consenting(action)


_AS_TEXT = WithJsonSchema({"type": "string", "pattern": f"^{EXACT.pattern}$", "examples": ["0.55", "2/3", "400000"]})
Exact = Annotated[str, AfterValidator(_exact), _AS_TEXT]
Amount = Annotated[str, AfterValidator(_amount), _AS_TEXT]
PartOfWhole = Annotated[str, AfterValidator(_exact), AfterValidator(_part_of_a_whole), _AS_TEXT]
Clause = Annotated[str, Field(min_length=1, max_length=120)]
ConsentMode = Annotated[Action, AfterValidator(_consenting)]
Counted = Annotated[Action, AfterValidator(_countable)]
YesNo = Annotated[bool, Field(strict=True)]
OrganisationPolicy = Literal["not_additional", "never", "counts", "as_members"]
ParticipantKind = Literal["state", "reio", "io", "territory", "entity"]


# ---- who counts ------------------------------------------------------------------------------------------------------
class AttributeAtLeast(Part):
    """Only participants whose value in a table is large enough."""

    table: str
    value: Exact


class Who(Part):
    """Which living consents count. ``actions``: None is every mode of the treaty.

    Notices of provisional application are none; they count only under ``provisional``, where they are named.

    ``groups``: member of all of them on the day of consent; ``any_group``: of one of them at least; ``not_groups``: of
    none of them.
    """

    actions: tuple[Counted, ...] | None = None
    kinds: tuple[ParticipantKind, ...] | None = None
    groups: tuple[str, ...] = ()
    any_group: tuple[str, ...] = ()
    not_groups: tuple[str, ...] = ()
    party_to: str | None = None
    attribute: AttributeAtLeast | None = None
    reio: OrganisationPolicy = "not_additional"


# ---- conditions ------------------------------------------------------------------------------------------------------
class Count(Part):
    """So many consents."""

    op: Literal["count"]
    at_least: Annotated[int, Field(strict=True, ge=1, le=1000)]
    who: Who = Who()


class Weight(Part):
    """Consents that together hold so much of a table; more than 1 is an amount, anything else a share of its whole.

    ``over``: a share of what the same participants hold together in another table instead. ``more_than``: what is
    needed must be exceeded.
    """

    op: Literal["weight"]
    table: str
    at_least: Exact
    over: str | None = None
    more_than: YesNo = False
    who: Who = Who()


class Share(Part):
    """So great a part of a population; the number needed is rounded up.

    The population rolls from day to day unless it is ``frozen_on`` one. ``others_than``: a second population whose
    members are no part of it. ``of_kinds``: only these of it are the whole.
    ``of_number``: how many the whole is, where the depositary states the number. ``from_anyone``: consents from outside
    the population count towards it as well. ``more_than``: the number needed must be exceeded.
    """

    op: Literal["fraction"]
    of: str
    others_than: str | None = None
    at_least: PartOfWhole
    frozen_on: "DateExpr | None" = None
    of_kinds: tuple[ParticipantKind, ...] | None = None
    of_number: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    from_anyone: YesNo = False
    more_than: YesNo = False
    who: Who = Who()


class Everyone(Part):
    """Everybody of a population, as it is on each day or was on one, but those of a second one (``others_than``)."""

    op: Literal["everyone"]
    of: str
    others_than: str | None = None
    frozen_on: "DateExpr | None" = None
    who: Who = Who()


class DateReached(Part):
    """A day has come."""

    op: Literal["date_reached"]
    at: "DateExpr"


class Certified(Part):
    """A decision, certificate or quantity was recorded under this key.

    ``at_least``: a certificate has to state that much, in the ``unit``, if one is named; each states a whole.
    """

    op: Literal["fact"]
    key: str
    at_least: Exact | None = None
    unit: Annotated[str, Field(min_length=1, max_length=60)] | None = None

    @model_validator(mode="after")
    def _measured(self) -> "Certified":
        if self.unit is not None and self.at_least is None:
            raise ValueError(f"A unit belongs to an amount (at_least) that is asked for (unit: {self.unit}).")
        return self


class TreatyInForce(Part):
    """Another treaty is in force."""

    op: Literal["treaty_in_force"]
    treaty: str


class NotBlocked(Part):
    """Tacit acceptance: on that day nothing blocks. What blocks is counted in objections made by then."""

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
RefName = Literal["threshold", "eif", "own", "bound", "received", "adoption", "opening", "circulated", "specified"]


class Ref(Part):
    """A day known by its part in the story.

    ``own`` is the day of the participant's instrument, ``bound`` the one on which the treaty entered into force for
    it, ``received`` that of its denunciation; ``specified`` is the day that an instrument itself names, if any.
    """

    op: Literal["ref"]
    name: RefName


class On(Part):
    """A fixed day."""

    op: Literal["on"]
    date: IsoDate


class InForceOf(Part):
    """The day on which another treaty enters into force."""

    op: Literal["in_force_of"]
    treaty: str


class Plus(Part):
    """So much later; months and years keep the day number, clamped to the month's end. The first day is day zero.

    Some depositaries reckon otherwise: the period begins on the day after, and the effect comes on the
    ``day_after_expiry``, one day later. A clause that says so states its source.
    """

    op: Literal["plus"]
    reckoned: Literal["to_the_day", "day_after_expiry"] = "to_the_day"
    days: Annotated[int, Field(strict=True, ge=0, le=36525)] = 0
    months: Annotated[int, Field(strict=True, ge=0, le=1200)] = 0
    years: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    of: "DateExpr | None" = None


class FirstOfNextMonth(Part):
    """The first day of the month after; where the day is a first itself, it may be ``that_day`` already."""

    op: Literal["first_of_next_month"]
    of: "DateExpr"
    from_a_first: Literal["next_month", "that_day"] = "next_month"


class FirstOfNthMonth(Part):
    """The first day of the nth month after the month of the trigger."""

    op: Literal["first_of_nth_month"]
    n: Annotated[int, Field(strict=True, ge=1, le=1200)]
    of: "DateExpr | None" = None


class NextDayOfYear(Part):
    """The first such day in a calendar that comes: 1 January, 1 July. ``from_that_day``: is a first one meant already?

    *The earliest first of January which falls at least three months after* takes ``that_day`` if three months later is
    one itself; *the first of January following* takes the ``next``.
    """

    op: Literal["next_day_of_year"]
    month: Annotated[int, Field(strict=True, ge=1, le=12)]
    day: Annotated[int, Field(strict=True, ge=1, le=31)]
    of: "DateExpr | None" = None
    from_that_day: Literal["that_day", "next"] = "that_day"

    @model_validator(mode="after")
    def _is_in_every_year(self) -> "NextDayOfYear":
        if self.day > monthrange(2001, self.month)[1]:
            raise ValueError(f"There is no such day in every year (month: {self.month}, day: {self.day}).")
        return self


class EndOfPeriod(Part):
    """The end of the current one of successive periods of years, if notice is given so many months before it.

    Otherwise the end of the next: a treaty that is renewed tacitly.
    """

    op: Literal["end_of_period"]
    years: Annotated[int, Field(strict=True, ge=1, le=100)]
    since: "DateExpr"
    notice_months: Annotated[int, Field(strict=True, ge=0, le=1200)] = 0
    of: "DateExpr | None" = None


class Later(Part):
    """Whichever is the later."""

    op: Literal["later"]
    of: Annotated[tuple["DateExpr", ...], Field(min_length=1)]


class Earlier(Part):
    """Whichever is the earlier."""

    op: Literal["earlier"]
    of: Annotated[tuple["DateExpr", ...], Field(min_length=1)]


DateExpr = Annotated[
    Ref | On | InForceOf | Plus | FirstOfNextMonth | FirstOfNthMonth | NextDayOfYear | EndOfPeriod | Later | Earlier,
    Field(discriminator="op"),
]


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
    """When one participant is bound; the first clause that fits its own day and mode decides.

    ``except_objectors``: it binds everybody who has not objected by the day the condition is met, without any act of
    theirs. ``of`` says who everybody is; without it, it is those whose objections block.
    """

    clause: Clause
    own: Literal["by_threshold", "before_eif", "from_eif"] | None = None
    modes: tuple[ConsentMode, ...] | None = None
    except_objectors: YesNo = False
    of: str | None = None
    then: DateExpr
    source: str | None = None


class Window(Part):
    """Every so many years, the months in which notice may be given: from the first day that leaving is possible."""

    every_years: Annotated[int, Field(strict=True, ge=1, le=100)]
    open_months: Annotated[int, Field(strict=True, ge=1, le=1200)]


class Leaving(Part):
    """How a party leaves, and when that takes effect.

    A notice received before ``not_before``, or outside a ``window`` that opens there, is taken as received on the
    first day on which it could be.
    """

    clause: Clause
    not_before: DateExpr | None = None
    window: Window | None = None
    takes_effect: DateExpr
    revocable_before_effect: YesNo = True
    cascades_to: Literal["none", "protocols", "parent_leaves_this"] = "none"
    needs: tuple[str, ...] = ()
    source: str | None = None


class Joining(Part):
    """Who may join, by which acts, when."""

    clause: Clause
    modes: Annotated[tuple[ConsentMode, ...], Field(min_length=1)]
    who: str = "all_states"
    signature_from: IsoDate | None = None
    signature_until: IsoDate | Literal["eif"] | None = None
    signature_required: YesNo = True
    accession_opens: Literal["always", "after_signature_closes", "after_eif", "by_invitation"] = "always"
    reio_needs_member: Literal["none", "signed", "consented"] = "none"
    parent: str | None = None
    source: str | None = None


class Reservations(Part):
    """Which reservations the treaty admits: any, none, those to the articles listed, or all but those.

    Silence admits whatever is compatible with object and purpose (VCLT art. 19), so only a clause that says more is
    recorded.
    """

    clause: Clause
    admits: Literal["any", "none", "listed", "all_but_listed"]
    articles: Annotated[tuple[str, ...], Field(max_length=60)] = ()
    source: str | None = None

    def prohibits(self, article: str | None) -> bool:
        """Is a reservation to this article prohibited? One to an article that is not named, only where all are."""
        match self.admits:
            case "any":
                return False
            case "none":
                return True
            case "listed":
                return article is not None and article not in self.articles
            case "all_but_listed":
                return article in self.articles


class NamedList(Part):
    """Participants that a clause or its annex names one by one, or that were such on a day that is past."""

    list: Clause
    members: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_NAMED)]
    source: str | None = None

    @cached_property
    def everyone(self) -> frozenset[str]:
        """Those it names."""
        return frozenset(self.members)


class TableOfWeights(Part):
    """What each participant weighs. Exact texts; ``whole`` is what all weigh together, where shares are asked for."""

    table: Clause
    version: Clause
    source: Annotated[str, Field(min_length=1)]
    whole: Exact | None = None
    values: Annotated[dict[str, Amount], Field(min_length=1, max_length=MOST_NAMED)]

    @cached_property
    def exact(self) -> Table:
        """The table in exact fractions."""
        return Table(
            name=self.table,
            values={name: Fraction(value) for name, value in self.values.items()},
            whole=None if self.whole is None else Fraction(self.whole),
            version=self.version,
            source=self.source,
        )


class StoryDays(Part):
    """Days of the treaty's story that its clauses count from, where the header of the treaty does not tell them."""

    adoption: IsoDate | None = None
    opening: IsoDate | None = None
    circulated: IsoDate | None = None


class EndsBelow(Part):
    """A treaty in force ceases to be, once denunciations leave fewer parties than this."""

    clause: Clause
    parties: Annotated[int, Field(strict=True, ge=1, le=1000)]
    source: str | None = None


class Ending(Part):
    """How a treaty in force ends by its own terms: on a day, or once a condition holds (a certified decision, say)."""

    clause: Clause
    on: DateExpr | None = None
    when: Condition | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Ending":
        if (self.on is None) is (self.when is None):
            raise ValueError(f"A treaty ends on a day or when a condition holds: give one of both ({self.clause}).")
        return self


class Afterwards(Part):
    """What a treaty in force leads to: on a day counted from its entry into force, or once it has so many parties.

    ``who`` are the parties that count; left out, States.
    """

    clause: Clause
    what: Literal["conference_due", "amendments_open", "protocol_possible"]
    on: DateExpr | None = None
    parties: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    who: Who | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Afterwards":
        if (self.on is None) is (self.parties is None):
            raise ValueError(f"This comes on a day or with a number of parties: give one of both ({self.clause}).")
        return self


class TreatyRule(Part):
    """All of it. ``provisional``: from when the treaty is applied provisionally, which is no entry into force.

    ``latch``: between threshold and entry into force a withdrawal does not un-fix the date.

    ``ends_below`` says when ``below_threshold`` is ``terminates``; without it, the number of the condition itself does.
    ``not_recorded`` names the clauses that the treaty has and this rule does not: nothing follows from their silence.
    """

    treaty: str
    title: str
    lists: Annotated[tuple[NamedList, ...], Field(max_length=40)] = ()
    tables: Annotated[tuple[TableOfWeights, ...], Field(max_length=10)] = ()
    days: StoryDays | None = None
    joining: Joining | None = None
    in_force: Annotated[tuple[Track, ...], Field(min_length=1)]
    provisional: tuple[Track, ...] = ()
    for_each: tuple[Each, ...] = ()
    floor_each_at_eif: YesNo = True
    leaving: tuple[Leaving, ...] = ()
    reservations: Reservations | None = None
    below_threshold: Literal["stays_in_force", "terminates"] = "stays_in_force"
    ends_below: EndsBelow | None = None
    endings: Annotated[tuple[Ending, ...], Field(max_length=10)] = ()
    afterwards: Annotated[tuple[Afterwards, ...], Field(max_length=20)] = ()
    latch: YesNo = True
    not_recorded: tuple[Literal["joining", "for_each", "leaving"], ...] = ()
    source: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, document: Any) -> Any:
        _measure(document)
        return document

    @model_validator(mode="after")
    def _consistent(self) -> "TreatyRule":
        for names in ([one.list for one in self.lists], [one.table for one in self.tables]):
            if len(set(names)) < len(names):
                raise ValueError(f"A list or table is named twice (names: {', '.join(sorted(names))}).")
        if self.ends_below is not None and self.below_threshold != "terminates":
            raise ValueError(
                "ends_below says when a treaty ends, and below_threshold says that it does not: left out, it means "
                'stays_in_force. Add "below_threshold": "terminates".'
            )
        clauses: tuple[Track | Each | Leaving, ...] = (*self.tracks, *self.for_each, *self.leaving)
        for clause in clauses:
            day = clause.takes_effect if isinstance(clause, Leaving) else clause.then
            if clause.source is None and any(_exceptional(part) for part in walk_days(day)):
                raise ValueError(f"A clause reckoned otherwise than usual states its source (clause: {clause.clause}).")
        return self

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Every way into force, and into provisional application."""
        return (*self.in_force, *self.provisional)

    @cached_property
    def waits_for(self) -> tuple[str, ...]:
        """The treaties whose entry into force gives a day of this one's."""
        nodes = (node for day in self._days_named() for node in walk_days(day))
        return tuple(dict.fromkeys(node.treaty for node in nodes if isinstance(node, InForceOf)))

    def _days_named(self) -> "Iterator[DateExpr]":
        """Every date that a clause gives, in conditions and for leaving as well."""
        for track in self.tracks:
            yield track.then
            for node in walk(track.when):
                if isinstance(node, DateReached):
                    yield node.at
                elif isinstance(node, NotBlocked):
                    yield node.until
        yield from (each.then for each in self.for_each)
        for clause in self.leaving:
            yield clause.takes_effect
            if clause.not_before is not None:
                yield clause.not_before

    @cached_property
    def may_be_blocked(self) -> bool:
        """Do objections matter to its entry into force?"""
        return any(isinstance(node, NotBlocked) for track in self.in_force for node in walk(track.when))


def _exceptional(expr: "DateExpr") -> bool:
    match expr:
        case Plus(reckoned=reckoned):
            return reckoned != "to_the_day"
        case FirstOfNextMonth(from_a_first=convention):
            return convention != "next_month"
        case _:
            return False


def walk_days(expr: "DateExpr") -> "list[DateExpr]":
    """A date expression and everything below it."""
    match expr:
        case Plus(of=of) | FirstOfNthMonth(of=of) | NextDayOfYear(of=of):
            return [expr] if of is None else [expr, *walk_days(of)]
        case FirstOfNextMonth(of=of):
            return [expr, *walk_days(of)]
        case EndOfPeriod(since=since, of=of):
            return [expr, *walk_days(since), *([] if of is None else walk_days(of))]
        case Later(of=parts) | Earlier(of=parts):
            return [expr, *(node for part in parts for node in walk_days(part))]
        case _:
            return [expr]


def _measure(document: Any) -> None:
    """Refuse what no treaty needs before anything is built from it; walks without recursion."""
    nodes = 0
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            nodes += 1
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list | tuple):
            nodes += MOST_NODES * (len(value) > MOST_NODES)
            waiting.extend((inner, depth) for inner in value[:MOST_NODES])
        elif isinstance(value, str) and len(value) > MOST_TEXT:
            raise ValueError(f"A text in a rule has at most {MOST_TEXT} characters (got: {len(value)}).")
        if nodes > MOST_NODES or len(waiting) > MOST_NODES * MOST_DEEP:
            raise ValueError(f"A rule has at most {MOST_NODES} conditions, dates and clauses.")
        if depth > MOST_DEEP + 3:
            raise ValueError(f"Conditions and dates nest at most {MOST_DEEP} deep.")


def walk(condition: "Condition") -> "list[Condition]":
    """A condition and everything below it."""
    match condition:
        case All(of=parts) | Any_(of=parts):
            return [condition, *(node for part in parts for node in walk(part))]
        case NotBlocked(blocked_if=inner):
            return [condition, *walk(inner)]
        case _:
            return [condition]


def other_treaties(rule: TreatyRule) -> frozenset[str]:
    """The other treaties that must be known to say where this one stands; the parent that joining asks for is not."""
    found: set[str | None] = set(rule.waits_for)
    for track in rule.tracks:
        for node in walk(track.when):
            match node:
                case TreatyInForce(treaty=treaty):
                    found.add(treaty)
                case Share(who=who, of=of, others_than=others) | Everyone(who=who, of=of, others_than=others):
                    found |= {who.party_to, parent_named(rule, of), others and parent_named(rule, others)}
                case Count(who=who) | Weight(who=who):
                    found.add(who.party_to)
                case _:
                    pass
    return frozenset(one for one in found if one is not None)


def treaties_named(rule: TreatyRule) -> frozenset[str]:
    """Every other treaty that what is said under this rule rests on: those it waits for, and those whose parties may
    join."""
    joining = rule.joining
    whose = set() if joining is None else {joining.parent, parent_named(rule, joining.who)}
    return other_treaties(rule) | {one for one in whose if one is not None}


PARTIES_TO: Final = "parties_to:"
PARENTS_PARTIES: Final = frozenset({"parties_now", "parties_at_adoption", "contracting_governments"})
"""Populations made of the parties to the treaty that this one adds to or amends."""


def parent_named(rule: TreatyRule, population: str) -> str | None:
    """The treaty whose parties a population is made of; None where it is made of something else."""
    name = population.removesuffix(OF_OBJECTIONS)
    if name.startswith(PARTIES_TO):
        return name.removeprefix(PARTIES_TO)
    return rule.joining.parent if name in PARENTS_PARTIES and rule.joining is not None else None


OF_OBJECTIONS: Final = ":objections"
"""May follow a population or table under ``blocked_if``, to say aloud that objections are counted there."""


for _model in (
    Share,
    Everyone,
    DateReached,
    NotBlocked,
    All,
    Any_,
    Plus,
    FirstOfNextMonth,
    FirstOfNthMonth,
    NextDayOfYear,
    EndOfPeriod,
    Later,
    Earlier,
    Track,
    Each,
    Leaving,
    Ending,
    Afterwards,
    TreatyRule,
):
    _model.model_rebuild()
