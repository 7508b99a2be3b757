"""Reads a rule of a policy document from its table; what is wrong is refused with its key and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hub.policy import keys
from hub.policy.agreeing import agreeing, needed
from hub.policy.bounds import band, bounds
from hub.policy.citation import citation
from hub.policy.rule import ID, Rule, Scope, Tier, Vocabulary
from hub.policy.section import Section
from hub.policy.values import (
    BadValueError,
    CostShare,
    Exact,
    Kind,
    Parameter,
    Unknown,
    basis_points,
    fen,
    parameter,
    premium_share,
)


def parse(section: Section, index: int, scope: Scope, words: Vocabulary) -> Rule | None:
    """The rule a table holds; None where a problem was found."""
    before = len(section.problems)
    benefit = section.text("benefit", choices=tuple(sorted(keys.BENEFITS)))
    if benefit not in keys.BENEFITS:
        return None
    name = section.text("id")
    if name and not ID.fullmatch(name):
        section.refuse("id", f"{name} is no id", "Use lower case with hyphens, as ma-key-three")
    start, end = section.period(outer=scope.period)
    chosen = {choice.name: _choice(section, choice, benefit) for choice in keys.CHOICES if benefit in choice.benefits}
    stay_lines = _stay_lines(section) if benefit in keys.PAID else ()
    period = "".join(chosen.get("period", ("year",)))
    line_period = "".join(chosen.get("line_period", ())) or ("stay" if stay_lines else period)
    said = bounds(section, benefit)
    rule = Rule(
        key=f"{scope.document}/{name}",
        index=index,
        document=scope.document,
        region=scope.region,
        benefit=benefit,
        categories=_categories(section, benefit, words),
        valid_from=start,
        valid_until=end,
        citation=citation(section, scope.source),
        numbers=_numbers(section, benefit),
        tiers=_tiers(section) if benefit in keys.PAID else (),
        settings=chosen.get("settings", ()),
        insutypes=chosen.get("insutypes", ()),
        conditions=chosen.get("conditions", ()),
        addressees=_addressees(section, benefit, words),
        hospital_levels=chosen.get("hospital_levels", ()),
        deducts=chosen.get("deducts", ()),
        counts=chosen.get("counts", ()),
        cap_group=_cap_group(section, benefit),
        line_group=section.text("line_group", default="") if benefit in keys.PAID else "",
        costs=band(said, "cost"),
        ages=band(said, "age"),
        look_back=said.get("look_back"),
        stay_lines=stay_lines,
        line_period=line_period,
        tiers_period="".join(chosen.get("tiers_period", ())) or line_period,
        cap_period="".join(chosen.get("cap_period", ())) or period,
        group_cap_period="".join(chosen.get("group_cap_period", ("year",))),
        day="".join(chosen.get("day", ("admission",))),
        tiers_from="".join(chosen.get("tiers_from", ("cost",))),
        denominator="".join(chosen.get("denominator", ())),
        tops_up="".join(chosen.get("tops_up", ())),
        cadence="".join(chosen.get("cadence", ())),
        cap_by=section.text("cap_by", default="", choices=tuple(sorted(words.categories)))
        if benefit in keys.SUBSIDY
        else "",
        schedule=_schedule(section) if benefit in keys.SUBSIDY else {},
        base="".join(chosen.get("base", ())),
        period=period,
        whose_region="".join(chosen.get("whose_region", ("insured",))),
        effect="".join(chosen.get("effect", ())),
        on_application=benefit in keys.AID | keys.SUBSIDY and section.flag("on_application", default=False),
        note=section.text("note", default=""),
    )
    needed(section, benefit)
    agreeing(section, rule)
    section.finish()
    return rule if len(section.problems) == before else None


def _stay_lines(section: Section) -> tuple[Parameter, ...]:
    """The line of the first, second, ... admission of the year; the last holds for all that follow."""
    raw = section.raw("stay_lines")
    if raw is None:
        return ()
    if not isinstance(raw, list) or not raw:
        section.refuse("stay_lines", "is no list of lines", "Write stay_lines = [1200, 600]")
        return ()
    found = []
    for item in raw:
        try:
            line = parameter(item, Kind.MONEY)
            if isinstance(line, Exact) and isinstance(line.value, CostShare):
                raise BadValueError("is a share of the cost", "Write each line in yuan")
            found.append(line)
        except BadValueError as refusal:
            section.refused("stay_lines", refusal)
    return tuple(found)


def _schedule(section: Section) -> dict[int, Parameter]:
    """The amount of each year: an amount as elsewhere, or a share of that year's premium."""
    found: dict[int, Parameter] = {}
    for part in section.tables("schedule"):
        year = part.number("year")
        key = "share" if "share" in part else "amount"
        if "share" in part and "amount" in part:
            part.refuse("amount", "share and amount stand together", "Keep one of share or amount for a year")
            part.raw("amount")
        try:
            if key == "share":
                bp = basis_points(part.raw("share"))
                found[year] = Exact(value=premium_share(bp, "".join(section.texts("insutypes")[:1])))
            else:
                remedy = "Add share = 0.50 of the year's premium, or amount = yuan"
                found[year] = parameter(part.raw("amount", required=True, remedy=remedy), Kind.SUBSIDY)
        except BadValueError as refusal:
            found[year] = Unknown(reason="-")
            if key in part:
                part.refused(key, refusal)
        part.finish()
    years = list(found)
    if years != sorted(years) or len(years) != len(section.tables("schedule")):
        section.refuse("schedule", "years are out of order", "Name each year once, in order")
    return found


def _categories(section: Section, benefit: str, words: Vocabulary) -> tuple[str, ...]:
    named = section.texts("categories", required=True)
    if keys.EVERYONE in named:
        if benefit not in keys.FOR_EVERYONE:
            section.refuse("categories", f"{benefit} is not for everyone", "Name the categories")
        elif len(named) > 1:
            section.refuse(
                "categories",
                "everyone stands beside categories",
                'Write ["*"] alone, the rest in another rule',
            )
        return (keys.EVERYONE,)
    return spread(section, "categories", named, words)


def spread(section: Section, key: str, named: Iterable[str], words: Vocabulary) -> tuple[str, ...]:
    """The categories that a list of codes and groups names, each once."""
    found: list[str] = []
    for name in named:
        group = name.removeprefix("@") if name.startswith("@") else ""
        if name not in words.categories and group not in words.groups:
            section.refuse(
                key,
                f"{name} is no category",
                "Use a code of categories.toml, or @ and a group of it",
            )
        found += words.groups.get(group, ()) if group else (name,)
    return tuple(dict.fromkeys(found))


def _addressees(section: Section, benefit: str, words: Vocabulary) -> tuple[str, ...]:
    if benefit not in keys.WARNING:
        return ()
    return section.texts("addressee", choices=tuple(sorted(words.departments)))


def _cap_group(section: Section, benefit: str) -> str:
    """The name that rules of a document share with one cap; they all say the cap."""
    if benefit not in keys.PAID:
        return ""
    name = section.text("cap_group", default="")
    if bool(name) != ("group_cap" in section):
        given, other = ("cap_group", "group_cap") if name else ("group_cap", "cap_group")
        section.refuse(given, f"stands without {other}", "Write both on each rule of the group")
    return name


def _choice(section: Section, choice: keys.Choice, benefit: str) -> tuple[str, ...]:
    if choice.many:
        return section.texts(choice.name, choices=choice.choices)
    default = choice.default.get(benefit)
    if default is None and choice.name not in section:
        return ()  # what a benefit cannot do without is asked for by `_needed`
    return (section.text(choice.name, default=default, choices=choice.choices),)


def _numbers(section: Section, benefit: str) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for number in keys.NUMBERS:
        if benefit in number.benefits and number.name in section:
            try:
                read = found[number.name] = parameter(section.raw(number.name), number.kind)
                shared = not isinstance(read, Unknown) and isinstance(read.value, CostShare)
                if shared and (number.name != "line" or benefit not in keys.PAID or not isinstance(read, Exact)):
                    section.refuse(number.name, "is a share of the cost", "Only the line of what is paid can be one")
            except BadValueError as refusal:
                section.refused(number.name, refusal)
    return found


def _tiers(section: Section) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    for part in section.tables("tiers"):
        try:
            above, ratio = part.raw("above", required=True), part.raw("ratio", required=True)
            tiers.append(Tier(above=fen(above), bp=basis_points(ratio)))
        except BadValueError as refusal:
            section.refuse("tiers", f"a tier {refusal.message}", refusal.remedy)
        part.finish()
    if any(low.above >= high.above for low, high in pairwise(tiers)):
        section.refuse("tiers", "do not rise", "Order the tiers by above, each once")
    return tuple(tiers)
