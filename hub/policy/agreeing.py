"""Do the keys of one rule agree with each other, and is none missing that its benefit needs?"""

from __future__ import annotations

from hub.policy import keys
from hub.policy.bounds import ALL
from hub.policy.rule import Rule
from hub.policy.section import Section


def needed(section: Section, benefit: str) -> None:
    """Refuse what is missing, and what stands in place of each other."""
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


def agreeing(section: Section, rule: Rule) -> None:
    """Refuse keys of one rule that contradict each other."""
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
    if rule.costs != ALL and ("lines_most" in rule.numbers or (rule.tiers and rule.apart)):
        key = "cost_below" if "cost_below" in section else "cost_from"
        section.refuse(key, "stands beside lines that do not add up", "Leave out lines_most, or write ratio for tiers")
    _of_benefit(section, rule)


def _of_benefit(section: Section, rule: Rule) -> None:
    """What the keys of some benefits ask of others."""
    if rule.benefit in keys.SUBSIDY and len(rule.insutypes) != 1:
        section.refuse("insutypes", "a premium subsidy is of one insurance", 'Write insutypes = ["390"]')
    for kind in sorted(set(rule.counts) - set(rule.deducts)) if rule.benefit in keys.PAID else ():
        section.refuse("counts", f"{kind} counts as paid but is not deducted", "Name it in deducts too")
    if keys.EVERYONE in rule.categories and rule.refers_to == keys.EVERYONE:
        given = "line_factor" if "line_factor" in rule.numbers else "ratio_bonus"
        section.refuse(given, "changes everyone's rule and is for everyone itself", "Write line and ratio, or tiers")
    if rule.cap_by in rule.categories:
        section.refuse("cap_by", f"{rule.cap_by} would cap itself", "Name another category, or leave cap_by out")
