"""Reads a rule of a policy document from its table; what is wrong is refused with its key and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hub.policy import keys
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
    _needed(section, benefit)
    _agreeing(section, rule)
    if benefit in keys.SUBSIDY and len(rule.insutypes) != 1:
        section.refuse("insutypes", "a premium subsidy is of one insurance", 'Write insutypes = ["390"]')
    for kind in sorted(set(rule.counts) - set(rule.deducts)) if benefit in keys.PAID else ():
        section.refuse("counts", f"{kind} counts as paid but is not deducted", "Name it in deducts too")
    if keys.EVERYONE in rule.categories and rule.refers_to == keys.EVERYONE:
        given = "line_factor" if "line_factor" in rule.numbers else "ratio_bonus"
        section.refuse(given, "changes everyone's rule and is for everyone itself", "Write line and ratio, or tiers")
    if rule.cap_by in rule.categories:
        section.refuse("cap_by", f"{rule.cap_by} would cap itself", "Name another category, or leave cap_by out")
    section.finish()
    return rule if len(section.problems) == before else None


def _agreeing(section: Section, rule: Rule) -> None:
    """Keys of one rule that contradict each other."""
    if rule.stay_lines:
        if rule.line_period != "stay":
            section.refuse("line_period", "is not the stay, and stay_lines gives a line for each", "Leave it out")
        for key in ("line", "line_group"):
            if key in section and key not in keys.NEEDED[rule.benefit][0]:
                section.refuse(key, f"stay_lines and {key} stand together", "Keep one of them")
    if rule.tiers_period != rule.line_period and not rule.tiers:
        section.refuse("tiers_period", "there are no tiers", "Leave it out, or add tiers")
    if "group_cap_period" in section and not rule.cap_group:
        section.refuse("group_cap_period", "there is no cap_group", "Leave it out, or add cap_group and group_cap")
    for one, contrary in keys.CONTRARY.items():
        if {one, contrary} <= set(rule.conditions):
            section.refuse("conditions", f"{one} and {contrary} are never both met", "Keep one of them")


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


def _needed(section: Section, benefit: str) -> None:
    for alternatives in keys.NEEDED[benefit]:
        given = [key for key in alternatives if key in section]
        wanted = " or ".join(alternatives)
        if len(given) > 1:
            section.refuse(given[1], f"{' and '.join(given)} stand together", f"Keep one of {wanted}")
        elif not given:
            silent = f'if the source is silent: {alternatives[0]} = {{ unknown = "the document is silent" }}'
            none = keys.NONE.get(alternatives[0])
            section.refuse(
                alternatives[0],
                f"a rule of {benefit} needs {wanted}",
                f"Add {none} where there is none; {silent}" if none else f"Add it; {silent}",
            )


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
