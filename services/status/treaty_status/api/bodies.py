"""What may be sent, field by field. Fields that are not listed are refused, and so are values of another kind."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from treaty_events import Action, Bound, CorrectionReason, DepositStatus, Tier

Line = Annotated[str, Meta(min_length=1, max_length=400)]
Text = Annotated[str, Meta(max_length=20_000)]
Words = Annotated[str, Meta(min_length=1, max_length=20_000)]
Url = Annotated[str, Meta(max_length=2_000)]
Day = Annotated[
    str,
    Meta(
        max_length=40, description="A civil date at the depositary, YYYY-MM-DD.", extra_json_schema={"format": "date"}
    ),
]
PartialDay = Annotated[
    str, Meta(max_length=40, description="YYYY-MM-DD, YYYY-MM or YYYY.", pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
]
EventId = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Name = Annotated[str, Meta(min_length=1, max_length=300, description="A participant: its id, code or exact name.")]
Number = Annotated[int, Meta(ge=0, le=1_000_000)]
Population = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        description="Whom a number is of: states, or a group such as un_members; anyone, if left out.",
    ),
]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)]
Requirements = Annotated[
    tuple[Line, ...],
    Meta(max_length=20, description="What a notice of withdrawal was seen to fulfil, in the words of the rule."),
]
ByLanguage = Annotated[dict[Language, Words], Meta(min_length=1, max_length=40)]


class EvidenceBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where a fact can be checked."""

    source: Words
    url: Url | None = None
    locator: Text | None = None
    retrieved_at: Annotated[str, Meta(max_length=60)] | None = None
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    note: Text | None = None


Proof = Annotated[tuple[EvidenceBody, ...], Meta(max_length=50)]


class OverrideBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Checks to overrule, such as V1, and why. A reason is kept with the act for ever."""

    checks: Annotated[tuple[Annotated[str, Meta(pattern="^V[0-9]{1,2}$")], ...], Meta(min_length=1, max_length=14)]
    reason: Words


class ActionBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One act of one participant. The fields after ``override`` belong to some acts only."""

    action: Action
    participant: Name
    act_date: Day
    place: Line | None = None
    effect_date: Day | None = None
    circulated_on: Day | None = None
    depositary_ref: Line | None = None
    tier: Tier = Tier.OFFICIAL_DEPOSITARY
    evidence: Proof = ()
    note: Text | None = None
    override: OverrideBody | None = None
    predecessor: Name | UnsetType = UNSET
    succeeded_on: Day | UnsetType = UNSET
    deposit_status: DepositStatus | UnsetType = UNSET
    deferred_until: Day | UnsetType = UNSET
    fulfils: Requirements | UnsetType = UNSET
    ended: bool | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    article: Line | UnsetType = UNSET
    objected_to: Name | UnsetType = UNSET
    opposes_entry_into_force: bool | UnsetType = UNSET
    territory: Line | UnsetType = UNSET
    extent: Literal["extended", "excluded", "ended"] | UnsetType = UNSET


class ImportedActBody(ActionBody, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One line of an import: an act, and the treaty it belongs to."""

    treaty: Annotated[str, Meta(min_length=1, max_length=64)]


class ImportedTables(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is known of the source as a whole.

    ``tables``: of each treaty whose table the source holds completely, the filled cells of each participant's row (by
    id); a table that has fewer than were read from such tables before is refused, unless it ``may_have_fewer``.
    ``titles`` are used where a treaty is put on record.
    """

    tables: dict[Annotated[str, Meta(max_length=64)], dict[Annotated[str, Meta(max_length=64)], Number]] = {}
    titles: dict[Annotated[str, Meta(max_length=64)], Line] = {}
    may_have_fewer: bool = False


class ImportHeadBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the first line of an import may be, before any act."""

    head: ImportedTables = msgspec.field(name="import")


class CorrectedFields(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The fields of an act or certificate that read otherwise; those left out stay as they are.

    The last five belong to certificates.
    """

    action: Action | UnsetType = UNSET
    participant: Name | UnsetType = UNSET
    act_date: Day | UnsetType = UNSET
    place: Line | UnsetType | None = UNSET
    effect_date: Day | UnsetType | None = UNSET
    circulated_on: Day | UnsetType | None = UNSET
    depositary_ref: Line | UnsetType | None = UNSET
    tier: Tier | UnsetType = UNSET
    note: Text | UnsetType | None = UNSET
    predecessor: Name | UnsetType | None = UNSET
    succeeded_on: Day | UnsetType | None = UNSET
    deposit_status: DepositStatus | UnsetType = UNSET
    deferred_until: Day | UnsetType | None = UNSET
    fulfils: Requirements | UnsetType = UNSET
    ended: bool | UnsetType = UNSET
    text: Text | UnsetType | None = UNSET
    article: Line | UnsetType | None = UNSET
    objected_to: Name | UnsetType | None = UNSET
    opposes_entry_into_force: bool | UnsetType = UNSET
    territory: Line | UnsetType | None = UNSET
    extent: Literal["extended", "excluded", "ended"] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1, max_length=1_000)] | UnsetType = UNSET
    certified_on: Day | UnsetType = UNSET
    certified_by: Line | UnsetType = UNSET
    quantity: Line | UnsetType | None = UNSET
    unit: Line | UnsetType | None = UNSET


class CorrectionBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """That an act or certificate was otherwise, never was, or was there after all."""

    target: Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="Its event id.")]
    kind: Literal["corrected", "retracted", "reinstated"]
    reason: CorrectionReason
    fields: CorrectedFields | None = None
    explanation: Text | None = None
    evidence: Proof = ()
    override: OverrideBody | None = None


class ClaimedThresholdBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What entry into force is said to take: so many signatures or consents, of these."""

    count: Number | None = None
    by: Literal["signature", "consent"] | None = None
    among: Population | None = None


class ClaimBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A statement kept beside the facts, never counted, and judged by them: the more of it is said in fields, the more
    can be judged. The depositary's own tier is for totals that it publishes.
    """

    claimed_on: PartialDay
    source: Words
    statement: Words
    about: Literal[
        "signatures",
        "signatures_by_states",
        "signatures_on_day",
        "consents",
        "articles",
        "chapters",
        "participant_act",
        "domestic_approval",
        "rule",
        "date",
        "other",
    ]
    tier: Tier
    url: Url | None = None
    value: Number | None = None
    bound: Annotated[Bound, Meta(description="How exactly the number was meant; exactly, if left out.")] | None = None
    among: Population | None = None
    besides: Annotated[
        tuple[Name, ...], Meta(max_length=10, description="Participants said to come on top of the number.")
    ] = ()
    measured_on: (
        Annotated[
            str,
            Meta(
                max_length=40,
                description="The day the number is of, where it is not that of the statement.",
                pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$",
            ),
        ]
        | None
    ) = None
    participant: Name | None = None
    action: Action | None = None
    act_date: PartialDay | None = None
    ordinal: Annotated[int, Meta(ge=1, le=1000, description="The act is said to be the nth of its kind.")] | None = None
    day_of: (
        Literal["adoption", "opening", "closing", "first_signature", "first_consent", "threshold", "entry_into_force"]
        | None
    ) = None
    threshold: ClaimedThresholdBody | None = None
    delay_days: Number | None = None
    note: Text | None = None
    evidence: Proof = ()
    imported: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=200,
                description="The id of the import that brings it in as history: what it contradicts is no news.",
            ),
        ]
        | None
    ) = None


class DepositaryBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Who keeps the treaty; its zone (of the IANA list) decides when a day begins."""

    id: Line
    name: ByLanguage
    time_zone: Annotated[str, Meta(min_length=1, max_length=60)]


class WindowBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A place and period in which the treaty is open for signature; both days are included."""

    place: Line
    opens_on: Day
    closes_on: Day | None = None
    source: Text | None = None


class SourceBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A document that the definition rests on."""

    label: Words
    url: Url | None = None


class TreatyBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A treaty as a whole. Windows or a rule that are left out stay as they are; the header is replaced."""

    titles: ByLanguage
    depositary: DepositaryBody
    short_titles: ByLanguage | None = None
    adopted_on: Day | None = None
    adopted_at: Line | None = None
    adoption_reference: Line | None = None
    authentic_languages: Annotated[tuple[Language, ...], Meta(max_length=60)] = ()
    articles: Number | None = None
    chapters: Number | None = None
    last_read_on: (
        Annotated[
            str,
            Meta(
                max_length=40,
                description="The last day up to which the acts were read from the depositary; kept up, if left out.",
                extra_json_schema={"format": "date"},
            ),
        ]
        | None
    ) = None
    parents: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=20)] = ()
    sources: Annotated[tuple[SourceBody, ...], Meta(max_length=100)] = ()
    four_eyes_hours: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=720,
                description="Thresholds, entries into force, ends and their revocations are announced once the holder "
                "of a second key released them, or after so many hours. The facts do not wait.",
            ),
        ]
        | None
    ) = None
    signature_windows: Annotated[tuple[WindowBody, ...], Meta(max_length=50)] | UnsetType = UNSET
    rule: msgspec.Raw | UnsetType = UNSET
    reason: Text | None = None


class ReleaseBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """That a second person has seen what waits: one line by its key, or everything that waits."""

    key: Annotated[str, Meta(max_length=300, description="The line's key; left out, every line that waits.")] | None = (
        None
    )


class RehearsalBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A rehearsal: from which legal day on, and under which id (the treaty's, a tilde and a word)."""

    starts_on: Day | None = None
    id: Annotated[str, Meta(max_length=64)] | None = None


class DayBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The day that is to come in a rehearsal."""

    on: Day


class ClosingBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Why a rehearsal is closed."""

    reason: Text | None = None
