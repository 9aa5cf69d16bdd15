"""Reading the depositary's formats and ours: every cell an act, or a line that says why not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.importers.tables import (
    HEADER,
    MAINTENANCE,
    REGISTRY,
    acts,
    csv_table,
    read_csv,
    read_xml,
    reasons,
    row,
    xml_table,
)
from treaty_status.application.sheets import Sheet
from treaty_status.importers import (
    DangerousDocument,
    FileTruncated,
    MaintenancePage,
    NotATable,
    TreatyNotNamed,
    read_sheet,
)


def read(file: str, raw: bytes | str, **more: str) -> Sheet:
    return read_sheet(file, raw.encode() if isinstance(raw, str) else raw, registry=REGISTRY, **more)  # type: ignore[arg-type]  # keywords of read_sheet


# ---- what a suffix means ---------------------------------------------------------------------------------------------
def test_a_suffix_means_what_the_header_of_its_own_column_says() -> None:
    sheet = read_csv("France,2 Feb 1990,3 Mar 1991 AA", "Fiji,,4 Apr 1992 a", "Peru,1 Jan 1990,5 May 1993")

    assert acts(sheet) == [
        ("fra", "signature", "1990-02-02"),
        ("fra", "approval", "1991-03-03"),
        ("fji", "accession", "1992-04-04"),
        ("per", "signature", "1990-01-01"),
        ("per", "ratification", "1993-05-05"),
    ]
    assert (sheet.cells, sheet.empty, sheet.reported) == (5, 1, ())


@pytest.mark.parametrize(
    ("header", "cell", "action"),
    [
        ('"Acceptance(A), Accession(a)"', "1 Jan 1990 A", "acceptance"),
        ('"Acceptance(A), Accession(a)"', "1 Jan 1990 a", "accession"),
        ('"Formal confirmation(c), Ratification"', "1 Jan 1990 c", "formal_confirmation"),
        ('"Simplified procedure(p), Consent to be bound(P)"', "1 Jan 1990 p", "simplified_procedure"),
        ('"Simplified procedure(p), Consent to be bound(P)"', "1 Jan 1990 P", "consent_to_be_bound"),
        ('"Signature, Succession to signature(d)"', "1 Jan 1990 d", "succession_to_signature"),
        ('"Succession(d), Ratification"', "1 Jan 1990 d", "succession"),
        ('"Definitive signature(s), Acceptance(A)"', "1 Jan 1990 s", "definitive_signature"),
        ('"Provisional application(n), Ratification"', "1 Jan 1990 n", "provisional_application"),
        (
            "Undertaking of provisional application in accordance with article 31",
            "1 Jan 1990",
            "provisional_application",
        ),
        ("Acceptance", "1 Jan 1990", "acceptance"),
    ],
)
def test_upper_and_lower_case_are_different_letters(header: str, cell: str, action: str) -> None:
    sheet = read_csv(f"France,{cell}", header=f"Participant,{header}")

    assert acts(sheet) == [("fra", action, "1990-01-01")]


def test_one_letter_may_mean_two_things_in_two_columns_of_one_table() -> None:
    header = 'Participant,"Signature, Succession to signature(d)","Ratification, Succession(d)"'

    sheet = read_csv("Slovenia,1 Jul 1992 d,2 Jul 1992 d", header=header)

    assert acts(sheet) == [
        ("svn", "succession_to_signature", "1992-07-01"),
        ("svn", "succession", "1992-07-02"),
    ]


def test_a_suffix_that_the_header_does_not_define_is_reported_with_its_place() -> None:
    sheet = read_csv("France,,3 Mar 1991 c")

    (line,) = sheet.reported
    assert (line.file, line.row, line.text, line.reason) == ("IV-99.csv", 2, "3 Mar 1991 c", "undefined_suffix")
    assert line.column == "Ratification, Acceptance(A), Approval(AA), Accession(a), Succession(d)"
    assert "defined: A, AA, a, d; case matters" in line.detail


@pytest.mark.parametrize(
    "header", ["Ratification, Acceptance", "Accession(a), Succession(d)", "Definitive signature, Acceptance"]
)
def test_a_cell_without_letter_is_never_guessed_where_the_header_leaves_it_open(header: str) -> None:
    sheet = read_csv("France,3 Mar 1991", header=f'Participant,"{header}"')

    assert acts(sheet) == []
    assert reasons(sheet) == [(2, "unspecified_item")]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Territorial application", "territory"),
        ("Application", "territory"),
        ("Application of the annexes(A)", "territory"),
        ("Notification of non-provisional application", "not_an_act"),
        ("Confirmation of signature ad referendum", "not_an_act"),
        ("Acceptance of the Protocol of 1953", "not_an_act"),
    ],
)
def test_a_column_that_joins_nobody_makes_no_party(header: str, reason: str) -> None:
    letter = " A" if header.endswith("(A)") else ""

    assert reasons(read_csv(f"France,3 Mar 1991{letter}", header=f"Participant,{header}")) == [(2, reason)]


# ---- days ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["30 Feb 1991", "34 (I)", "3 Mars 1991", "1991-03-03", "3 Mar 91", "7", "3 Mar 1191"])
def test_what_is_not_one_day_is_reported(cell: str) -> None:
    assert reasons(read_csv(f"France,{cell},")) == [(2, "bad_date")]


@pytest.mark.parametrize("cell", ["3 Mar 1991 A", " 3 Mar\t 1991  A ", "3 March 1991 A", "3 Mar\xa01991 A"])
def test_tabs_and_blanks_of_any_kind_do_not_change_a_day(cell: str) -> None:
    assert acts(read_csv(f'France,,"{cell}"')) == [("fra", "acceptance", "1991-03-03")]


# ---- names -----------------------------------------------------------------------------------------------------------
def test_an_unknown_name_is_reported_with_those_that_resemble_it() -> None:
    (line,) = read_csv("Frence,3 Mar 1991,").reported

    assert line.reason == "unknown_participant"
    assert "France (fra)" in line.detail


def test_a_name_printed_twice_belongs_to_nobody() -> None:
    sheet = read_csv("Yemen,,9 Feb 1987 a", "Yemen,,6 Apr 1989 a", "Zambia,,1 Jan 1990 a")

    assert acts(sheet) == [("zmb", "accession", "1990-01-01")]
    assert reasons(sheet) == [(2, "same_name_twice"), (3, "same_name_twice")]
    assert "rows 2 and 3" in sheet.reported[0].detail


def test_two_names_of_one_participant_are_a_name_printed_twice() -> None:
    sheet = read_csv("Türkiye,,9 Feb 1987 a", "Turkey,,6 Apr 1989 a")

    assert [line.reason for line in sheet.reported] == ["same_name_twice", "same_name_twice"]


def test_a_territory_in_a_row_of_its_own_becomes_no_party() -> None:
    assert reasons(read_csv("Hong Kong,,9 Feb 1987 a")) == [(2, "territory")]


def test_a_name_is_read_as_of_the_day_of_the_act() -> None:
    sheet = read_csv("European Economic Community,,9 Feb 1987 AA")

    assert acts(sheet) == [("eu", "approval", "1987-02-09")]


# ---- rows ------------------------------------------------------------------------------------------------------------
def test_a_row_that_does_not_fit_the_header_is_reported_cell_by_cell() -> None:
    sheet = read_csv("France,1 Jan 1990,2 Jan 1990,3 Jan 1990", "Peru,1 Jan 1990,")

    assert acts(sheet) == [("per", "signature", "1990-01-01")]
    assert reasons(sheet) == [(2, "bad_line")] * 3
    assert sheet.balances


def test_a_row_without_a_name_is_reported() -> None:
    assert reasons(read_csv(",1 Jan 1990,")) == [(2, "no_participant")]


def test_a_participant_without_any_act_has_a_row_and_no_cell() -> None:
    sheet = read_csv("France,,", "Peru,1 Jan 1990,")

    assert (sheet.cells, sheet.empty) == (1, 3)
    assert dict(sheet.parts["IV-99"].rows) == {"fra": 0, "per": 1}


CELLS = st.sampled_from(
    ["", " ", "1 Jan 1990", "1 Jan 1990 a", "1 Jan 1990 A", "1 Jan 1990 x", "31 Feb 1990", "[1 Jan 1990 A]", "7", "a"]
)
NAMES = st.sampled_from(
    ["France", "Peru", "Yemen", "Nowhere", "", "Hong Kong", "[Fiji]", "Fiji<superscript>1</superscript>"]
)


@given(st.lists(st.tuples(NAMES, CELLS, CELLS), min_size=1, max_size=8))
def test_whatever_stands_in_a_table_the_totals_balance(rows: list[tuple[str, str, str]]) -> None:
    lines = [f'"{name}",{signed},{consent}' for name, signed, consent in rows]

    sheet = read_csv(*lines, "Zambia,1 Jan 1990,")

    filled = sum(bool(cell.strip()) for _, *cells in rows for cell in cells) + 1
    assert sheet.cells == filled == len(sheet.acts) + len(sheet.reported)


# ---- files that are refused as a whole -------------------------------------------------------------------------------
@pytest.mark.parametrize("file", ["IV-99.csv", "IV-99.en.xml", "acts.ndjson"])
def test_a_maintenance_page_is_not_a_table(file: str) -> None:
    with pytest.raises(MaintenancePage):
        read(file, MAINTENANCE)


@pytest.mark.parametrize("format_name", ["untc-csv", "untc-xml", "ndjson", "csv", "actions"])
def test_a_maintenance_page_is_refused_whatever_format_was_expected(format_name: str) -> None:
    with pytest.raises(MaintenancePage):
        read("IV-99", MAINTENANCE, format_name=format_name)


@given(cut=st.integers(1, 200))
def test_a_table_cut_off_anywhere_within_a_line_is_refused(cut: int) -> None:
    whole = csv_table("France,2 Feb 1990,3 Mar 1991 AA", "Fiji,,4 Apr 1992 a", "Peru,1 Jan 1990,5 May 1993")
    part = whole[: len(whole) - cut % (len(whole) - 1) - 1]
    if part.endswith(b"\n") or not part:
        return  # whole lines; whether some are missing shows beside the record

    with pytest.raises((FileTruncated, NotATable)):
        read("IV-99.csv", part)


def test_a_last_row_that_breaks_off_is_a_truncated_file() -> None:
    with pytest.raises(FileTruncated, match="1 of 3 cells"):
        read("IV-99.csv", HEADER + "\nFrance,1 Jan 1990,\nPer\n")


def test_a_quotation_left_open_is_a_truncated_file() -> None:
    with pytest.raises(FileTruncated):
        read("IV-99.csv", HEADER + '\n"France,1 Jan 1990,\n')


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", HEADER.encode() + b"\n", b"one,two\n1,2\n", b"Participant\xff,Signature\n"]
)
def test_a_file_without_a_table_is_refused(raw: bytes) -> None:
    with pytest.raises(NotATable):
        read("IV-99.csv", raw)


@pytest.mark.parametrize(
    ("file", "treaty"),
    [
        ("IV-8.csv", "IV-8"),
        ("4-8-b.csv", "IV-8-b"),
        ("xxvii-7-d.en.xml", "XXVII-7-d"),
        ("11-16.csv", "XI-A-16"),
        ("XI-B-16.csv", "XI-B-16"),
        ("III-2-7a.csv", "III-2-7a"),
    ],
)
def test_the_depositary_s_number_is_read_from_the_name_of_its_file(file: str, treaty: str) -> None:
    raw = xml_table(row("France", "1 Jan 1990", "")) if file.endswith("xml") else csv_table("France,1 Jan 1990,")

    assert [act.treaty for act in read(file, raw).acts] == [treaty]


def test_a_file_with_another_name_needs_to_be_told_its_treaty() -> None:
    with pytest.raises(TreatyNotNamed):
        read("table.csv", csv_table("France,1 Jan 1990,"))
    assert read("table.csv", csv_table("France,1 Jan 1990,"), treaty="IV-8").acts[0].treaty == "IV-8"


# ---- XML -------------------------------------------------------------------------------------------------------------
def test_the_depositary_s_xml_is_read_with_all_its_traps() -> None:
    raw = xml_table(
        row("United States of America&lt;superscript&gt;7&lt;/superscript&gt;", "22 Apr\t 2016 ", "[20 Jan\t 2021 A]"),
        row("C&#244;te d'Ivoire", "20 Sep\t 2016 ", "21 Sep\t 2016 a"),
        row("T\xfcrkiye<superscript>1,2</superscript>", "", "3 Oct\t 2021&lt;superscript&gt;3&lt;/superscript&gt; "),
        row("[Peru]", "1 Jan 2016 ", ""),
    )

    sheet = read_xml(raw)

    assert acts(sheet) == [
        ("usa", "signature", "2016-04-22"),
        ("civ", "signature", "2016-09-20"),
        ("civ", "accession", "2016-09-21"),
        ("tur", "ratification", "2021-10-03"),
    ]
    assert reasons(sheet) == [(1, "no_longer_in_effect"), (4, "no_longer_in_effect")]
    assert sheet.balances
    assert sheet.parts["IV-99"].title == "Convention on Invented Matters"
    assert sheet.parts["IV-99"].concluded == "Genève, 2 May 1992"


def test_the_element_parties_is_missing_where_there_are_none() -> None:
    sheet = read_xml(xml_table(row("France", "1 Jan 1990", ""), status="<Signatories>1</Signatories>"))

    assert (sheet.parts["IV-99"].signatories, sheet.parts["IV-99"].parties) == (1, 0)
    assert sheet.notes == ()


def test_totals_that_disagree_with_the_rows_are_told_and_the_rows_count() -> None:
    status = "<Signatories>3</Signatories><Parties>2</Parties>"

    sheet = read_xml(xml_table(row("France", "1 Jan 1990", "1 Feb 1990"), status=status))

    assert len(sheet.acts) == 2
    assert [note.startswith("The depositary prints") for note in sheet.notes] == [True, True]


def test_special_tables_and_territories_beside_the_table_are_reported() -> None:
    after = """<SpecialTables><SpecialTable><TableHeader><Title>Declarations</Title></TableHeader>
      <Rows><Row><Column>France</Column><Column>1 Jan 1990</Column><Column/></Row></Rows></SpecialTable></SpecialTables>
      <TerritorialApplications><Row><Entry>France</Entry><Entry>New Caledonia</Entry></Row></TerritorialApplications>"""

    sheet = read_xml(xml_table(row("France", "1 Jan 1990", ""), after=after))

    assert acts(sheet) == [("fra", "signature", "1990-01-01")]
    assert [line.reason for line in sheet.reported] == ["not_an_act", "territory"]
    assert sheet.balances


@given(cut=st.integers(1, 600))
def test_xml_that_ends_early_is_refused(cut: int) -> None:
    whole = xml_table(row("France", "1 Jan 1990", ""))

    with pytest.raises((FileTruncated, MaintenancePage)):
        read_xml(whole[: len(whole) - 1 - cut % (len(whole) - 60)])


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE Treaty [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE Treaty SYSTEM "http://127.0.0.1/treaty.dtd">',
        '<!DOCTYPE Treaty [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_that_declares_entities_is_refused_before_any_is_read(prologue: str) -> None:
    with pytest.raises(DangerousDocument):
        read_xml(xml_table(row("France", "1 Jan 1990", ""), prologue=prologue))


def test_a_document_nested_without_end_is_refused() -> None:
    raw = b'<?xml version="1.0"?>' + b"<a>" * 5_000 + b"</a>" * 5_000

    with pytest.raises(DangerousDocument):
        read_xml(raw)


def test_xml_without_a_table_and_xml_that_is_none_are_refused() -> None:
    with pytest.raises(NotATable):
        read_xml(b'<?xml version="1.0"?><Treaty/>')
    with pytest.raises(NotATable):
        read_xml(b'<?xml version="1.0"?><Treaty></Traety>')
    with pytest.raises(MaintenancePage):
        read_xml(b'<?xml version="1.0"?><html><body/></html>')


# ---- lists -----------------------------------------------------------------------------------------------------------
def test_our_ndjson_is_read_field_by_field() -> None:
    lines = [
        {"treaty": "IV-8", "participant": "France", "action": "signature", "act_date": "1990-01-01", "place": "Paris"},
        {
            "treaty": "IV-8",
            "participant": "svk",
            "action": "succession",
            "act_date": "1993-05-28",
            "predecessor": "csk",
            "succeeded_on": "1993-01-01",
        },
        {"treaty": "IV-8", "participant": "fra", "action": "ratification", "act_date": "1990-13-01"},
        {"treaty": "IV-8", "participant": "fra", "action": "ratification", "act_date": "1990-12-01", "tier": "press"},
        {"treaty": "IV-8", "participant": "fra", "action": "dances", "act_date": "1990-12-01"},
        {"treaty": "IV-8", "participant": "fra", "action": "signature", "act_date": "1990-12-01", "weather": "fine"},
        {"treaty": "IV-8", "participant": "fra", "action": "signature", "act_date": "1990-12-01", "predecessor": "csk"},
    ]
    raw = "\n".join([*map(json.dumps, lines), "not json", "[]", ""])

    sheet = read("acts.ndjson", raw)

    assert acts(sheet) == [("fra", "signature", "1990-01-01"), ("svk", "succession", "1993-05-28")]
    assert sheet.acts[0].more == {"place": "Paris"}
    assert reasons(sheet) == [
        (3, "bad_date"),
        (4, "not_the_depositarys"),
        (5, "not_an_act"),
        (6, "bad_line"),
        (7, "bad_line"),
        (8, "bad_line"),
        (9, "bad_line"),
    ]
    assert sheet.balances


def test_acts_as_csv_may_leave_the_treaty_to_the_caller() -> None:
    raw = "participant,action,act_date,place\nFrance,signature,1990-01-01,Paris\nPeru,accession,1991-01-01,\n"

    assert [act.treaty for act in read("acts.csv", raw, treaty="IV-8").acts] == ["IV-8", "IV-8"]
    with pytest.raises(TreatyNotNamed):
        read("acts.csv", raw)


def test_our_table_of_participants_gives_a_signature_and_a_consent_a_row() -> None:
    raw = (
        "treaty,as_of,participant,name,kind,status,signed_on,consent,consented_on,effect_on\n"
        "IV-8,2026-01-01,fra,France,state,party,1990-01-01,ratification,1991-01-01,1991-04-01\n"
        "IV-8,2026-01-01,per,Peru,state,signatory,1990-01-01,,,\n"
    )

    assert acts(read("participants.csv", raw)) == [
        ("fra", "signature", "1990-01-01"),
        ("fra", "ratification", "1991-01-01"),
        ("per", "signature", "1990-01-01"),
    ]


def test_the_layout_of_other_compilations_is_read_and_what_is_computed_is_not_an_act() -> None:
    head = "treaty_id,treaty_title,participant,iso3,action,date,source\n"
    rows = [
        "GGO:X_1986A,An Invented Treaty,FRA,FRA,signature,1986-09-26,a set",
        "GGO:X_1986A,An Invented Treaty,FRA,FRA,consent_to_be_bound,1989-03-06,a set",
        "GGO:X_1986A,An Invented Treaty,FRA,FRA,entry_into_force_for_participant,1989-04-06,a set",
        "GGO:X_1986A,An Invented Treaty,FRA,FRA,end_of_participation,2001-01-01,a set",
        'GGO:X_1986A,An Invented Treaty,PER,PER,"unspecified:Definitive signature, Acceptance",1990-01-01,a set',
        "GGO:X_1986A,An Invented Treaty,Peru,FRA,signature,1990-01-01,a set",
        "GGO:X_1986A,An Invented Treaty,FRA,FRA,signature,1986-09-26,another set",
        "GGO:X_1986A,An Invented Treaty,FRA,FRA,signature,9999-12-31,a set",
    ]

    sheet = read("actions.csv", head + "\n".join(rows) + "\n")

    assert acts(sheet) == [("fra", "signature", "1986-09-26"), ("fra", "consent_to_be_bound", "1989-03-06")]
    assert {act.treaty for act in sheet.acts} == {"GGO~X_1986A"}
    assert sheet.parts["GGO~X_1986A"].title == "An Invented Treaty"
    assert sorted(reasons(sheet)) == [
        (4, "not_an_act"),
        (5, "not_an_act"),
        (6, "unspecified_item"),
        (7, "contradiction"),
        (8, "twice_in_the_file"),
        (9, "bad_date"),
    ]
    assert sheet.balances
