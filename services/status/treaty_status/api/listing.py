"""Lists: the treaties of this record, and everyone who takes part in treaties."""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from treaty_status.api.clocks import Clocks, TheClocks
from treaty_status.api.orders import unknown_participant
from treaty_status.api.parameters import Cursor, Day, Lang, Limit
from treaty_status.api.problems import invalid
from treaty_status.api.reading import unknown_group
from treaty_status.api.rows_then import PageThen, RowsThen, When
from treaty_status.api.surface import Surface, TheSurface
from treaty_status.api.telling import FOR_EVER
from treaty_status.application.past import Until
from treaty_status.application.views import TreatyOfParticipant, TreatyQuery, TreatyRow
from treaty_status.registry import Participant, fold

router = APIRouter()
Document = dict[str, Any]
Flag = Literal["true", "false"]
LANGUAGES: Final = ("en", "fr", "es", "ru", "ar", "zh", "vi")


def _today(surface: Surface, row: TreatyRow) -> date:
    return row.rehearsal_day or surface.answers.today_in(row.time_zone)


def cursor_of(text: str) -> str:
    """An opaque cursor; what is in it may change."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Where the page before ended.

    Raises:
        InvalidRequest: this service did not make it.
    """
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid(("after", "This is no cursor of ours"), way_out="Take it from next or from Link.") from None


# ---- treaties --------------------------------------------------------------------------------------------------------
@router.get("/v1/treaties", operation_id="list_treaties", summary="The treaties of this record", tags=["treaties"])
async def list_treaties(
    *,
    request: Request,
    response: Response,
    surface: TheSurface,
    q: Annotated[
        str | None, Query(max_length=200, description="Words of the title in any language, or the id.")
    ] = None,
    in_force: Annotated[Flag | None, Query(description="Only those that are, or are not, in force on the day.")] = None,
    rehearsals: Annotated[Flag, Query(description="true: the rehearsals instead of the record.")] = "false",
    clocks: TheClocks,
    after: Cursor = None,
    limit: Limit = 50,
) -> Document:
    """By id, a page at a time; `next` and `Link` lead on. The list lags behind the log by a few milliseconds, up to
    `position`. Asked about another day, or about what was known earlier, each treaty is told as it stood then; a page
    may then be short, and `next` still leads on.
    """
    query = TreatyQuery(
        q=q,
        in_force=None if in_force is None else in_force == "true",
        on=surface.desk.clock().date(),
        rehearsals=rehearsals == "true",
        after=None if after is None else read_cursor(after),
        limit=limit,
    )
    if clocks.as_of is not None or clocks.until is not None:
        return await _listed_then(request, response, surface, clocks, query)
    page = await asyncio.to_thread(surface.desk.views.treaties, query)
    following = _leads_on(request, response, page.next)
    return {
        "treaties": [_treaty(surface, row, clocks.lang) for row in page.rows],
        "next": following,
        "lang": clocks.lang,
        "position": page.position,
    }


async def _listed_then(
    request: Request, response: Response, surface: Surface, clocks: Clocks, query: TreatyQuery
) -> Document:
    rows = RowsThen(surface.desk.views, surface.answers)

    def page() -> PageThen:
        return rows.page(query, _when(surface, clocks))

    found = await surface.workbench.work(page)
    following = _leads_on(request, response, found.next)
    if clocks.lasts:
        response.headers["cache-control"] = FOR_EVER
    return {
        "treaties": list(found.rows),
        "next": following,
        "as_of": _iso(clocks.as_of),
        "known_at": None if clocks.known_at is None else clocks.known_at.isoformat(),
        "lang": clocks.lang,
        "position": found.position,
        "permanent": _stays(request, surface, clocks, found.position),
    }


def _when(surface: Surface, clocks: Clocks) -> When:
    """All rows are told of one position, unless an instant is asked about."""
    until = clocks.until or Until(position=surface.desk.log.head())
    return When(until=until, as_of=clocks.as_of, lang=clocks.lang)


def _stays(request: Request, surface: Surface, clocks: Clocks, position: int) -> str | None:
    """Where the list is had again. Without a day every depositary has its own, and an instant is not one position."""
    if clocks.as_of is None or clocks.known_at is not None:
        return None
    clock = {"as_of", "at_position", "lang", "edition"}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in clock]
    own = [("as_of", clocks.as_of.isoformat()), ("at_position", str(position)), ("lang", clocks.lang)]
    return f"{request.url.path}?{urlencode([*kept, *own, ('edition', str(surface.answers.edition))])}"


def _leads_on(request: Request, response: Response, last: str | None) -> str | None:
    if last is None:
        return None
    following = cursor_of(last)
    response.headers["link"] = f'<{_again(request, after=following)}>; rel="next"'
    return following


def _again(request: Request, *, after: str) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    return f"{request.url.path}?{urlencode([*kept, ('after', after)])}"


def _treaty(surface: Surface, row: TreatyRow, lang: str) -> Document:
    today = _today(surface, row)
    counts = row.counts(today)
    crossed = row.threshold_on is not None and row.threshold_on <= today
    return {
        "id": row.id,
        "title": row.title(lang),
        "short_title": row.short_title(lang),
        "livemode": row.livemode,
        "rehearsal_of": row.rehearsal_of,
        "rehearsal_day": _iso(row.rehearsal_day),
        "version": row.version,
        "position": row.position,
        "adopted_on": _iso(row.adopted_on),
        "depositary": row.depositary,
        "signature": {"opens_on": _iso(row.signature_opens_on), "closes_on": _iso(row.signature_closes_on)},
        "counts": {"signatures": row.signatures, "consents": counts.consents},
        "progress": None
        if counts.counted is None or counts.needed is None
        else {"have": counts.counted, "need": counts.needed, "missing": max(0, counts.needed - counts.counted)},
        "in_force": row.in_force(today),
        "threshold_on": _iso(row.threshold_on) if crossed else None,
        "entry_into_force_on": _iso(row.entry_into_force_on) if crossed else None,
        "clause": row.clause,
        "next_due_on": _iso(row.next_due_on),
        "updated_at": row.updated_at.isoformat(),
        "as_of": today.isoformat(),
        "links": {"self": f"/v1/treaties/{row.id}", "page": f"/treaties/{row.id}"},
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


# ---- registry --------------------------------------------------------------------------------------------------------
@router.get("/v1/participants", operation_id="list_registry", summary="Who takes part in treaties", tags=["registry"])
async def list_registry(
    surface: TheSurface,
    q: Annotated[str | None, Query(min_length=1, max_length=200, description="Part of a name in any language.")] = None,
    group: Annotated[str | None, Query(max_length=60, description="Only members of a group, such as asean.")] = None,
    on: Annotated[Day | None, Query(description="As of this day; today if left out.")] = None,
    lang: Lang = "en",
) -> Document:
    """States, organisations and others by name. `match` is the one that `q` names exactly; `suggestions` only resemble
    it.
    """
    registry = surface.desk.registry
    day = on or surface.desk.clock().date()
    if group is not None and not surface.desk.world.knows_group(group):
        raise unknown_group(surface, group)
    members = None if group is None else registry.members(group, day)
    found = [one for one in registry.all() if members is None or one.id in members]
    told: Document = {"on": day.isoformat(), "lang": lang, "group": group}
    if q is not None:
        exact = registry.find(q, on=day)
        found = [one for one in found if one is exact or _is_called(one, q)]
        near = [] if found else registry.suggest(q)
        told |= {
            "q": q,
            "match": None if exact is None else exact.id,
            "suggestions": [{"id": one.id, "name": one.name, "score": one.score} for one in near],
        }
    rows = sorted((_brief(one, day, lang) for one in found), key=lambda row: (fold(row["name"]), row["id"]))
    return {**told, "participants": rows, "total": len(rows)}


def _is_called(one: Participant, q: str) -> bool:
    words = fold(q)
    spellings = [text for name in one.names for text in (name.short, name.formal) if text]
    return any(words in fold(text) for text in (*spellings, *one.aliases)) or one.id == words


def _brief(one: Participant, day: date, lang: str) -> Document:
    return {
        "id": one.id,
        "name": one.name(lang, day),
        "kind": one.kind.value,
        "capacity": one.capacity.value,
        "iso2": one.iso2,
        "iso3": one.iso3,
        "exists": one.exists_on(day),
    }


@router.get(
    "/v1/participants/{participant}",
    operation_id="read_registry_entry",
    summary="One participant: names, groups, treaties",
    tags=["registry"],
)
async def read_registry_entry(surface: TheSurface, clocks: TheClocks, participant: str) -> Document:
    """Names through time and language, codes, predecessors and successors, groups on the day, and every treaty.

    The second clock is that of the treaties; names and groups come with the release.
    """
    registry, lang = surface.desk.registry, clocks.lang
    day = clocks.as_of or surface.desk.clock().date()
    one = registry.find(participant, on=clocks.as_of)
    if one is None:
        raise unknown_participant(registry, participant, "participant", in_path=True)
    treaties = await asyncio.to_thread(surface.desk.views.treaties_of, one.id)
    if clocks.as_of is None and clocks.until is None:
        rows = [_participation(surface, row, lang) for row in treaties]
    else:
        rows = await surface.workbench.work(lambda: _stood(surface, clocks, one.id, treaties))
    return {
        **_brief(one, day, lang),
        "as_of": day.isoformat(),
        "known_at": None if clocks.known_at is None else clocks.known_at.isoformat(),
        "lang": lang,
        "formal_name": one.formal_name(lang, day),
        "numeric": one.numeric,
        "names": [
            {
                "lang": name.lang,
                "short": name.short,
                "formal": name.formal,
                "valid_from": _iso(name.valid_from),
                "valid_until": _iso(name.valid_until),
            }
            for name in one.names
        ],
        "aliases": list(one.aliases),
        "exists_from": _iso(one.exists_from),
        "exists_until": _iso(one.exists_until),
        "un_member_since": _iso(one.un_member_since),
        "un_region": one.un_region,
        "predecessors": [{"id": link.id, "kind": link.kind.value, "on": _iso(link.on)} for link in one.predecessors],
        "successors": [{"id": link.id, "kind": link.kind.value, "on": _iso(link.on)} for link in one.successors],
        "groups": sorted(registry.groups_of(one.id, day)),
        "note": one.note,
        "treaties": rows,
    }


def _stood(
    surface: Surface, clocks: Clocks, participant: str, treaties: Sequence[TreatyOfParticipant]
) -> list[Document]:
    """What stood between it and each treaty on the day, as far as the log is heard."""
    rows, when = RowsThen(surface.desk.views, surface.answers), _when(surface, clocks)
    found = [rows.participation(one.treaty.id, participant, when) for one in treaties]
    return [row for row in found if row is not None]


def _participation(surface: Surface, row: TreatyOfParticipant, lang: str) -> Document:
    own, treaty = row.participation, row.treaty
    return {
        "treaty": treaty.id,
        "title": treaty.title(lang),
        "status": own.status(_today(surface, treaty)),
        "signed_on": _iso(own.signed_on),
        "consent": None if own.consent_on is None else {"action": own.consent_action, "on": _iso(own.consent_on)},
        "effect_on": _iso(own.effect_on),
        "leaves_on": _iso(own.leaves_on),
        "links": {"self": f"/v1/treaties/{treaty.id}/participants/{own.participant}"},
    }
