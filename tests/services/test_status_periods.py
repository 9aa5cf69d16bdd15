"""Periods through the front door: successions with two dates, instruments held back, withdrawals and their warnings."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.services.status_world import Clock, Json, Status, protocol, status
from treaty_status.pages import pages_router

OTTAWA = {
    "clause": "20",
    "takes_effect": {"op": "plus", "months": 6, "of": {"op": "ref", "name": "received"}},
    "needs": ["reasons", "notify:UNSC"],
}


@pytest.fixture
def service() -> Iterator[Status]:
    with status("memory:", clock=Clock(datetime(2006, 1, 15, 12, tzinfo=UTC))) as running:
        yield running


def define(service: Status, treaty: str = "EX-1", *, need: int = 2, adopted: str = "1990-01-01", **more: Any) -> None:
    body = protocol(treaty, need=need) | {"adopted_on": adopted}
    body["rule"] |= more
    answer = service.put(treaty, body)
    assert answer.status_code == 201, answer.text


def warned(receipt: Json) -> list[str]:
    return [one["code"] for one in receipt["warnings"]]


# ---- succession ------------------------------------------------------------------------------------------------------
def montenegro(service: Status) -> str:
    """Montenegro, from 3 June 2006, as it notified on 23 October; the instant before that was recorded."""
    define(service, need=1)
    service.recorded("EX-1", "accession", "fra", "2000-01-10")
    service.recorded("EX-1", "accession", "scg", "2001-03-12")
    service.clock.now = datetime(2006, 10, 24, 9, tzinfo=UTC)
    before = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(hours=1)
    more = {"predecessor": "scg", "succeeded_on": "2006-06-03"}
    service.recorded("EX-1", "succession", "mne", "2006-10-23", **more)
    return before


def test_between_succession_and_notification_a_successor_was_a_party_retroactively(service: Status) -> None:
    montenegro(service)
    told = service.get("treaties/EX-1/participants/mne", as_of="2006-08-01")

    assert (told["status"], told["effect_on"], told["consent"]) == ("party", "2006-06-03", None)
    assert told["retroactively"]["text"] == {
        "en": "party, retroactively, since the notification of 23 October 2006",
        "fr": "partie, à titre rétroactif, depuis la notification du 23 octobre 2006",
    }
    assert (told["retroactively"]["notified_on"], told["retroactively"]["clause"]) == ("2006-10-23", "23 VSSRT")
    rows = service.get("treaties/EX-1/participants", as_of="2006-08-01", status="party")["participants"]
    assert "mne" in {row["participant"] for row in rows}


def test_the_instrument_of_a_successor_counts_from_its_notification(service: Status) -> None:
    montenegro(service)
    in_between, later = (service.treaty("EX-1", as_of=day)["counts"] for day in ("2006-08-01", "2006-10-23"))

    assert (in_between["counted_consents"], later["counted_consents"]) == (2, 3)
    assert in_between["parties_in_force"] == later["parties_in_force"] == 3


def test_before_the_notification_was_recorded_nobody_knew(service: Status) -> None:
    before = montenegro(service)
    told = service.get("treaties/EX-1/participants/mne", as_of="2006-08-01", known_at=before)
    assert (told["status"], told["effect_on"], told["retroactively"]) == ("other", None, None)


def test_before_its_date_of_succession_a_successor_was_no_party(service: Status) -> None:
    montenegro(service)
    told = service.get("treaties/EX-1/participants/mne", as_of="2006-06-02")
    assert (told["status"], told["retroactively"]) == ("other", None)
    told = service.get("treaties/EX-1/participants/mne", as_of="2006-10-23")
    assert (told["status"], told["retroactively"], told["effect_on"]) == ("party", None, "2006-06-03")


# ---- instruments held back -------------------------------------------------------------------------------------------
def test_a_pending_instrument_is_shown_explained_and_accepted_by_a_correction(service: Status) -> None:
    define(service)
    service.recorded("EX-1", "accession", "fra", "2005-01-10")
    receipt = service.recorded("EX-1", "accession", "mex", "2005-02-10", deposit_status="pending")
    assert service.treaty("EX-1")["counts"]["consents"] == 1
    told = service.get("treaties/EX-1/participants/mex")
    assert (told["status"], told["consent"], told["deposit"]["status"]) == ("other", None, "pending")
    assert told["acts"][0]["deposit_status"] == "pending"
    (left,) = service.get("treaties/EX-1/explanation")["not_counted"]
    assert (left["participant"], left["reason"]) == ("mex", "pending")

    body = {
        "target": receipt["event_id"],
        "kind": "corrected",
        "reason": "depositary_correction",
        "fields": {"deposit_status": "accepted"},
    }
    answer = service.post("EX-1/corrections", body)
    assert answer.status_code == 201, answer.text
    assert service.treaty("EX-1")["force"]["threshold_on"] == "2005-02-10"
    assert service.get("treaties/EX-1/participants/mex")["deposit"] is None


def test_a_deferred_instrument_is_shown_with_its_day(service: Status) -> None:
    define(service)
    service.recorded("EX-1", "accession", "fra", "2005-01-10")
    service.recorded("EX-1", "accession", "mex", "2005-02-10", deferred_until="2006-12-01")
    told = service.get("treaties/EX-1/participants/mex")

    assert (told["status"], told["consent"]["counted"]) == ("contracting", False)
    assert (told["deposit"]["status"], told["deposit"]["deferred_until"]) == ("deferred", "2006-12-01")
    assert service.treaty("EX-1", as_of="2006-12-01")["force"]["threshold_on"] == "2006-12-01"
    assert service.treaty("EX-1", as_of="2006-11-30")["force"]["threshold_on"] is None


@pytest.mark.parametrize(
    ("action", "field"),
    [("signature", {"deposit_status": "pending"}), ("accession", {"fulfils": ["reasons"]})],
)
def test_a_field_that_belongs_to_another_act_is_refused(service: Status, action: str, field: Json) -> None:
    define(service)
    assert service.act("EX-1", action, "fra", "2005-01-10", **field).status_code == 422


def test_v11_an_instrument_with_a_prohibited_reservation_is_recorded_as_pending(service: Status) -> None:
    define(service, reservations={"clause": "12", "admits": "none"})
    assert warned(service.recorded("EX-1", "reservation", "mex", "2005-02-10", text="…")) == ["V11", "V13"]
    assert "V11" in warned(service.recorded("EX-1", "accession", "mex", "2005-02-10"))
    assert service.get("treaties/EX-1/participants/mex")["deposit"]["status"] == "pending"


# ---- withdrawals -----------------------------------------------------------------------------------------------------
def party(service: Status, **leaving: Any) -> None:
    define(service, need=1, leaving=[OTTAWA | leaving])
    service.recorded("EX-1", "accession", "fra", "2000-01-10")


def test_v8_a_notice_says_what_the_clause_asks_for_and_when_it_is_effective_anyway(service: Status) -> None:
    party(service)
    receipt = service.recorded("EX-1", "withdrawal_notified", "fra", "2006-01-10", fulfils=["reasons"])
    (warning,) = receipt["warnings"]
    assert warning["code"] == "V8"
    assert "notify:UNSC" in warning["message"]
    assert "reasons" not in warning["message"]
    assert "takes effect on 2006-07-10" in warning["message"]
    assert service.get("treaties/EX-1/participants/fra")["leaves_on"] == "2006-07-10"


def test_v8_a_notice_before_its_time_is_taken_as_given_on_the_first_day(service: Status) -> None:
    ten_years = {"op": "plus", "years": 10, "of": {"op": "ref", "name": "bound"}}
    party(service, needs=[], not_before=ten_years)
    receipt = service.recorded("EX-1", "withdrawal_notified", "fra", "2006-01-10")
    (warning,) = receipt["warnings"]
    assert warning["code"] == "V8"
    assert "before 2010-04-09" in warning["message"]
    assert "takes effect on 2010-10-09" in warning["message"]
    assert service.get("treaties/EX-1/participants/fra")["leaves_on"] == "2010-10-09"


def test_v8_a_notice_that_has_everything_warns_of_nothing(service: Status) -> None:
    party(service)
    receipt = service.recorded("EX-1", "withdrawal_notified", "fra", "2006-01-10", fulfils=OTTAWA["needs"])
    assert receipt["warnings"] == []


def test_v9_a_withdrawal_that_cannot_be_taken_back_is_refused_unless_overruled(service: Status) -> None:
    party(service, needs=[], revocable_before_effect=False)
    service.recorded("EX-1", "withdrawal_notified", "fra", "2006-01-10")
    answer = service.act("EX-1", "withdrawal_revoked", "fra", "2006-01-12")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (409, "withdrawal-not-revocable")

    override = {"checks": ["V9"], "reason": "All parties agreed."}
    receipt = service.recorded("EX-1", "withdrawal_revoked", "fra", "2006-01-12", override=override)
    assert warned(receipt) == ["V9"]
    assert service.get("treaties/EX-1/participants/fra")["leaves_on"] is None


# ---- V10 and V15 -----------------------------------------------------------------------------------------------------
def test_v10_a_reservation_at_signature_lapses_unless_it_is_confirmed(service: Status) -> None:
    define(service)
    for who in ("fra", "mex"):
        service.recorded("EX-1", "signature", who, "2005-12-20")
        service.recorded("EX-1", "reservation", who, "2005-12-20", text="…")
    service.recorded("EX-1", "reservation", "mex", "2006-01-10", text="…")

    assert warned(service.recorded("EX-1", "ratification", "fra", "2006-01-10")) == ["V10"]
    assert warned(service.recorded("EX-1", "ratification", "mex", "2006-01-10")) == []


def test_v15_the_same_document_as_evidence_for_another_warns(service: Status) -> None:
    define(service, need=3)
    proof, other = ([{"source": "C.N.1.2006", "sha256": digit * 64}] for digit in "ab")
    assert warned(service.recorded("EX-1", "accession", "fra", "2006-01-10", evidence=proof)) == []
    assert warned(service.recorded("EX-1", "accession", "mex", "2006-01-10", evidence=other)) == []
    receipt = service.recorded("EX-1", "accession", "jpn", "2006-01-10", evidence=proof)
    assert warned(receipt) == ["V15"]
    assert "France" in receipt["warnings"][0]["message"]


# ---- a protocol and its parent ---------------------------------------------------------------------------------------
def family(service: Status) -> None:
    """A convention that its parties leave together with its protocols, and a protocol, both in force."""
    year = {"clause": "40", "takes_effect": {"op": "plus", "years": 1, "of": {"op": "ref", "name": "received"}}}
    define(service, "EX-1", need=1, leaving=[year | {"cascades_to": "protocols"}])
    joining = {"clause": "37(2)", "modes": ["accession"], "parent": "EX-1"}
    define(service, "EX-1-a", need=1, joining=joining)
    service.recorded("EX-1", "accession", "fra", "2000-01-10")
    service.recorded("EX-1-a", "accession", "fra", "2000-06-10")


def test_leaving_a_convention_is_leaving_its_protocol(service: Status) -> None:
    family(service)
    assert service.get("treaties/EX-1-a/participants/fra")["leaves_on"] is None
    service.recorded("EX-1", "withdrawal_notified", "fra", "2005-03-01")
    told = service.get("treaties/EX-1-a/participants/fra")

    assert (told["status"], told["leaves_on"]) == ("party", "2006-03-01")
    (period,) = told["periods"]
    assert (period["left_with"], period["leaving_clause"]) == ("EX-1", "40 EX-1")
    assert service.get("treaties/EX-1-a/participants/fra", as_of="2006-02-28")["status"] == "party"
    assert service.get("treaties/EX-1-a/participants/fra", as_of="2006-03-01")["status"] == "former_party"


def test_the_day_on_which_a_protocol_is_left_with_its_convention_comes_by_itself(service: Status) -> None:
    family(service)
    service.settled()
    service.recorded("EX-1", "withdrawal_notified", "fra", "2005-03-01")
    service.settled()
    assert service.app.surface.desk.views.due(now=datetime(2006, 2, 27, 12, tzinfo=UTC)) == []
    due = service.app.surface.desk.views.due(now=datetime(2006, 3, 1, 12, tzinfo=UTC))
    assert {one.treaty for one in due} == {"EX-1", "EX-1-a"}


@pytest.mark.parametrize("own_notice", [True, False])
def test_a_return_to_the_protocol_is_a_second_period_with_or_without_a_notice_of_its_own(
    service: Status, own_notice: bool
) -> None:
    family(service)
    service.recorded("EX-1", "withdrawal_notified", "fra", "2004-03-01")
    service.recorded("EX-1", "accession", "fra", "2005-06-01")
    if own_notice:
        service.recorded("EX-1-a", "withdrawal_notified", "fra", "2004-03-01", effect_date="2005-03-01")

    service.recorded("EX-1-a", "accession", "fra", "2005-10-01")

    first, second = service.get("treaties/EX-1-a/participants/fra")["periods"]
    assert (first["leaves_on"], second["leaves_on"], second["effect_on"]) == ("2005-03-01", None, "2005-10-31")


def test_a_protocol_binds_a_newcomer_no_sooner_than_the_convention(service: Status) -> None:
    family(service)
    service.recorded("EX-1", "accession", "mex", "2005-06-01")
    override = {"checks": ["V6"], "reason": "The depositary took both instruments together."}
    service.recorded("EX-1-a", "accession", "mex", "2005-05-15", override=override)
    told = service.get("treaties/EX-1-a/participants/mex")
    assert (told["effect_on"], told["effect_clause"]) == ("2005-07-01", "37(2)")


def test_a_treaty_that_is_its_parents_parent_is_still_answered(service: Status) -> None:
    for one, other in (("EX-1", "EX-2"), ("EX-2", "EX-1")):
        define(service, one, need=1, joining={"clause": "1", "modes": ["accession"], "parent": other})
        override = {"checks": ["V6"], "reason": "…"}
        service.recorded(one, "accession", "fra", "2000-01-10", override=override)
    assert service.treaty("EX-1")["force"]["entry_into_force_on"] == "2000-04-09"
    assert service.get("treaties/EX-2/participants/fra")["status"] in {"party", "contracting"}


# ---- what people see -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lang", "held", "later"),
    [
        ("en", "deposited on 10 February 2005, not yet accepted", "deferred until 1 December 2006"),
        ("fr", "déposé le 10 février 2005, pas encore accepté", "différé jusqu’au 1er décembre 2006"),
    ],
)
def test_the_page_shows_what_waits(service: Status, lang: str, held: str, later: str) -> None:
    define(service)
    service.recorded("EX-1", "accession", "mex", "2005-02-10", deposit_status="pending")
    service.recorded("EX-1", "accession", "jpn", "2005-02-11", deferred_until="2006-12-01")
    service.app.framework.include_router(pages_router(service.app.surface.desk))
    page = service.client.get(f"/treaties/EX-1?lang={lang}").text.replace("&#39;", "’").replace("\u00a0", " ")
    assert held in page
    assert later in page


def test_the_spreadsheet_tells_instruments_held_back_from_those_that_count(service: Status) -> None:
    define(service)
    service.recorded("EX-1", "accession", "mex", "2005-02-10", deposit_status="refused")
    told = service.client.get("/v1/treaties/EX-1/participants.csv").text.splitlines()
    assert told[0].endswith(",deposit_status,deposited_on,deferred_until")
    assert told[1].endswith(",refused,2005-02-10,")
