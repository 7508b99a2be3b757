-- 规则编号 The rules that pay, numbered, so that a number and not the text travels with each person.
-- The order of numbers within a region, benefit, category and day is that of the rules' keys. `shown` is the same for
-- rows that an entitlement shows alike: a rule whose rank or predecessor changes on a day has a row before and after.
-- `account` is the same for rules whose line and cap are one over the year, whatever the category (pins.md 1): those of
-- a benefit that speak of the same care. `tiers` counts the rule's tiers.
WITH tiered AS (
  SELECT region, benefit, category, valid_from, rule_key, COUNT(*) AS tiers
  FROM rule_tier
  GROUP BY region, benefit, category, valid_from, rule_key
)
SELECT
  CAST(ROW_NUMBER() OVER (
    ORDER BY r.region NULLS LAST, r.benefit NULLS LAST, r.category NULLS LAST, r.valid_from NULLS LAST,
             r.rule_key NULLS LAST
  ) AS INTEGER) AS rule_id,
  CAST(DENSE_RANK() OVER (
    ORDER BY r.region NULLS LAST, r.benefit NULLS LAST, r.category NULLS LAST, r.rule_key NULLS LAST, r.mode NULLS LAST,
             r.document NULLS LAST, r.article NULLS LAST, r.determined NULLS LAST, r.undetermined_reason NULLS LAST
  ) AS INTEGER) AS shown,
  CAST(DENSE_RANK() OVER (
    ORDER BY r.benefit NULLS LAST, r.settings NULLS LAST, r.insutypes NULLS LAST, r.hospital_levels NULLS LAST,
             r.period NULLS LAST
  ) AS INTEGER) AS account,
  r.region, r.benefit, r.category, r.valid_from, r.valid_until, r.rule_key, r.document, r.article, r.rank, r.mode,
  r.determined, r.undetermined_reason, r.whose_region, r.amount, r.line AS threshold, r.ratio, r.cap,
  r.settings, r.base,
  r.period, r.insutypes, r.on_application, COALESCE(r.conditions, '') AS conditions,
  COALESCE(r.hospital_levels, '') AS hospital_levels, COALESCE(r.deducts, '') AS deducts,
  COALESCE(r.cap_group, '') AS cap_group, r.group_cap, COALESCE(r.day, 'admission') AS on_day,
  COALESCE(t.tiers, 1) AS tiers
FROM rule_in_force AS r
LEFT JOIN tiered AS t
  ON t.region = r.region AND t.benefit = r.benefit AND t.category = r.category AND t.valid_from = r.valid_from
 AND t.rule_key = r.rule_key
WHERE r.benefit IN ('premium_subsidy', 'basic_insurance', 'serious_illness', 'medical_assistance', 'tilt')
