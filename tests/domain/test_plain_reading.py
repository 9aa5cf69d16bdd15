"""A second, plain reading of the rule language, written from its description alone, beside the engine.

It asks every condition anew on every day on which something happened: slow, without memory, and easy to check by eye.
Thousands of invented treaties are read both ways; threshold, entry into force, track and each one's own day agree.
"""

import calendar
import random
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Any, Final

import pytest

from treaty_status.application.offline import Assessor, CaseReader, Place
from treaty_status.registry import load_registry

J = dict[str, Any]
ORG: Final = "org1"
MEMBERS: Final = ("m1", "m2", "m3")
KINDS: Final = {**{f"s{n}": "state" for n in range(1, 8)}, **dict.fromkeys(MEMBERS, "state"), ORG: "reio", "io1": "io"}
FORMS: Final = ("ratification", "acceptance", "approval", "accession", "definitive_signature", "succession")
LISTS: Final = {"pop": ("s1", "s2", "s3", "s4", "m1", "m2"), "two": ("s1", "s5")}
WEIGHTS: Final = {name: Fraction(n % 4 + 1, 20) for n, name in enumerate(KINDS) if name != "s7"}


# ---- invented treaties -----------------------------------------------------------------------------------------------
def some_day(chance: random.Random) -> str:
    return f"{chance.randint(2000, 2004)}-{chance.randint(1, 12):02}-{chance.choice((1, 2, 15, 28)):02}"


def some_who(chance: random.Random) -> J:
    found: J = {"reio": chance.choice(("not_additional", "never", "counts", "as_members"))}
    if chance.random() < 0.3:
        found["actions"] = chance.sample(FORMS, 3)
    if chance.random() < 0.2:
        found["kinds"] = chance.sample(("state", "reio", "io"), 2)
    if chance.random() < 0.3:
        found["groups"] = ["g"]
    return {"who": found}


def some_condition(chance: random.Random, depth: int = 0) -> J:
    simple: list[Callable[[], J]] = [
        lambda: {"op": "count", "at_least": chance.randint(1, 5), **some_who(chance)},
        lambda: {"op": "weight", "table": "w", "at_least": chance.choice(("0.1", "1/3", "0.55")), **some_who(chance)},
        lambda: {"op": "fraction", "of": "list:pop", "at_least": chance.choice(("1/3", "2/3")), **some_who(chance)},
        lambda: {"op": "everyone", "of": "list:two", **some_who(chance)},
        lambda: {"op": "date_reached", "at": {"op": "on", "date": some_day(chance)}},
        lambda: {"op": "fact", "key": "k"},
    ]
    if depth < 2 and chance.random() < 0.35:
        parts = [some_condition(chance, depth + 1) for _ in range(chance.randint(1, 3))]
        return {"op": chance.choice(("all", "any")), "of": parts}
    return chance.choice(simple)()


def some_date(chance: random.Random, names: tuple[str, ...], depth: int = 0) -> J:
    kind = chance.choice(("plus", "plus", "next", "nth", "ref", "pair") if depth < 2 else ("plus", "ref"))
    match kind:
        case "plus":
            return {"op": "plus", chance.choice(("days", "months")): chance.choice((0, 1, 3, 30, 90))}
        case "next":
            return {"op": "first_of_next_month", "of": some_date(chance, names, depth + 1)}
        case "nth":
            return {"op": "first_of_nth_month", "n": chance.randint(1, 7)}
        case "ref":
            return {"op": "ref", "name": chance.choice(names)}
        case _:
            parts = [some_date(chance, names, depth + 1) for _ in range(2)]
            return {"op": chance.choice(("later", "earlier")), "of": parts}


def some_rule(chance: random.Random) -> J:
    tracks = []
    for n in range(chance.choice((1, 1, 2))):
        track = {"clause": f"t{n}", "when": some_condition(chance), "then": some_date(chance, ("threshold",))}
        for guard in ("threshold_before", "threshold_from"):
            if chance.random() < 0.15:
                track[guard] = some_day(chance)
        tracks.append(track)
    each = []
    for n in range(chance.randint(0, 3)):
        clause: J = {"clause": f"e{n}", "then": some_date(chance, ("own", "eif", "threshold"))}
        if chance.random() < 0.7:
            clause["own"] = chance.choice(("by_threshold", "before_eif", "from_eif"))
        each.append(clause)
    rest = {"latch": chance.random() < 0.5, "floor_each_at_eif": chance.random() < 0.7}
    return {"treaty": "T", "title": "An invented treaty", "in_force": tracks, "for_each": each, **rest}


def some_acts(chance: random.Random) -> list[J]:
    acts: list[J] = [{"action": "fact_certified", "key": "k", "act_date": some_day(chance)}]
    for name, kind in KINDS.items():
        if chance.random() < 0.8:
            given = some_day(chance)
            form = "approval" if kind == "reio" else chance.choice(FORMS)
            acts.append({"participant": name, "action": form, "act_date": given})
            if chance.random() < 0.2 and (taken := some_day(chance)) > given:
                acts.append({"participant": name, "action": "consent_withdrawn", "act_date": taken})
    chance.shuffle(acts)
    return acts


# ---- the plain reading -----------------------------------------------------------------------------------------------
def months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def read_date(expr: J, days: dict[str, date], trigger: str) -> date:
    match expr["op"]:
        case "ref":
            return days[expr["name"]]
        case "on":
            return date.fromisoformat(expr["date"])
        case "plus":
            return months_later(days[trigger], expr.get("months", 0)) + timedelta(days=expr.get("days", 0))
        case "first_of_next_month":
            return months_later(read_date(expr["of"], days, trigger).replace(day=1), 1)
        case "first_of_nth_month":
            return months_later(days[trigger].replace(day=1), expr["n"])
        case op:
            return (max if op == "later" else min)(read_date(part, days, trigger) for part in expr["of"])


class Plainly:
    """One invented treaty, read plainly."""

    def __init__(self, rule: J, acts: list[J], group: frozenset[str]) -> None:
        self.rule, self.group = rule, group
        on = {act.get("participant", "fact"): date.fromisoformat(act["act_date"]) for act in acts if consents(act)}
        ended = {one["participant"]: date.fromisoformat(one["act_date"]) for one in acts if taken_back(one)}
        self.certified_on = next(date.fromisoformat(act["act_date"]) for act in acts if "key" in act)
        self.form = {act["participant"]: act["action"] for act in acts if consents(act)}
        self.on, self.ended = on, ended

    def counted(self, who: J, day: date) -> set[str]:
        return {
            name
            for name, on in self.on.items()
            if on <= day
            and not (name in self.ended and self.ended[name] <= day)
            and self.form[name] in who.get("actions", FORMS)
            and KINDS[name] in who.get("kinds", KINDS.values())
            and (name in self.group or not who.get("groups"))
        }

    def holds(self, condition: J, day: date) -> bool:
        who = condition.get("who", {})
        names = self.counted(who, day)
        others = [one for one in MEMBERS if one not in names]
        policy = who.get("reio") if ORG in names else "never"
        worth = {"not_additional": int(len(others) == len(MEMBERS)), "counts": 1, "as_members": len(others)}
        states = names - {ORG}
        match condition["op"]:
            case "count":
                return len(states) + worth.get(policy, 0) >= condition["at_least"]
            case "weight":
                added = {"counts": [ORG], "as_members": others}.get(policy, [])
                have = sum((WEIGHTS.get(one, Fraction(0)) for one in (*states, *added)), Fraction(0))
                return have >= Fraction(condition["at_least"])
            case "fraction":
                whole = LISTS["pop"]
                return len(states & set(whole)) >= ceil(Fraction(condition["at_least"]) * len(whole))
            case "everyone":
                return set(LISTS["two"]) <= states
            case "date_reached":
                return date.fromisoformat(condition["at"]["date"]) <= day
            case "fact":
                return self.certified_on <= day
            case op:
                return (all if op == "all" else any)(self.holds(part, day) for part in condition["of"])

    def track(self, track: J) -> tuple[date, date, str] | None:
        """Threshold, entry into force and clause; None where the track never leads into force."""
        crossing: tuple[date, date, str] | None = None
        passed_over = False
        days = {*self.on.values(), *self.ended.values(), self.certified_on, *dates_named(track["when"])}
        for day in sorted(days):
            held = self.holds(track["when"], day)
            if crossing is not None and (self.rule["latch"] or crossing[1] <= day or held):
                continue
            crossing = None
            if held and not passed_over and fits(track, day):
                crossing = (day, read_date(track["then"], {"threshold": day}, "threshold"), track["clause"])
            passed_over = held and crossing is None
        return crossing

    def answer(self) -> tuple[tuple[str | None, str | None, str | None], dict[str, str | None]]:
        found = [one for track in self.rule["in_force"] if (one := self.track(track)) is not None]
        if not found:
            return (None, None, None), dict.fromkeys(self.on)
        threshold, force, clause = min(found, key=lambda one: (one[1], one[0]))
        own = {name: self.effect(name, threshold, force) for name in self.on}
        return (threshold.isoformat(), force.isoformat(), clause), own

    def effect(self, name: str, threshold: date, force: date) -> str | None:
        on = self.on[name]
        fitting = {None: True, "by_threshold": on <= threshold, "before_eif": on < force, "from_eif": on >= force}
        each = next((one for one in self.rule["for_each"] if fitting[one.get("own")]), None)
        story = {"own": on, "threshold": threshold, "eif": force}
        day = max(on, force) if each is None else read_date(each["then"], story, "own")
        if self.rule["floor_each_at_eif"]:
            day = max(day, force)
        return None if name in self.ended and self.ended[name] <= day else day.isoformat()


def consents(act: J) -> bool:
    return act["action"] in FORMS


def taken_back(act: J) -> bool:
    return bool(act["action"] == "consent_withdrawn")


def fits(track: J, day: date) -> bool:
    return track.get("threshold_from", "0") <= day.isoformat() < track.get("threshold_before", "9")


def dates_named(condition: J) -> list[date]:
    if condition["op"] == "date_reached":
        return [date.fromisoformat(condition["at"]["date"])]
    return [day for part in condition["of"] for day in dates_named(part)] if condition["op"] in {"all", "any"} else []


# ---- both ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_the_engine_and_a_plain_reading_agree(seed: int) -> None:
    chance = random.Random(seed)
    registry = load_registry()
    reader, assessor = CaseReader(registry), Assessor(registry)
    crossed = 0
    for n in range(150):
        rule, acts = some_rule(chance), some_acts(chance)
        group = frozenset(name for name in KINDS if chance.random() < 0.5)
        people = [
            {
                "id": name,
                "kind": kind,
                "groups": [*(["g"] if name in group else []), *([ORG] if name in MEMBERS else [])],
            }
            for name, kind in (*KINDS.items(), ("nobody", "state"))
        ]
        people[-1]["groups"] = ["g"]
        tables = {"w": {name: str(value) for name, value in WEIGHTS.items()}, **{k: list(v) for k, v in LISTS.items()}}
        as_of, place = date(2010, 1, 1), Place(f"treaty {n} of {seed}")
        question = reader.question(rule=rule, acts=acts, participants=people, tables=tables, as_of=as_of, place=place)
        found = assessor.answer(question)
        expected, own = Plainly(rule, acts, group).answer()
        assert (found["threshold_date"], found["entry_into_force"], found["track"]) == expected, (rule, acts)
        assert {name: one["effect_date"] for name, one in found["participants"].items()} == own, (rule, acts)
        crossed += expected[0] is not None
    assert crossed > 30
