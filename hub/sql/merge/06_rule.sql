-- 规则编号 The rules that pay, numbered, so that a number and not the text travels with each person.
-- The order of numbers within a region, benefit, category and day is that of the rules' keys. `shown` is the same for
-- rows that say and pay the same: a rule whose rank or predecessor changes on a day has a row before and after.
-- `account` is the same for rules whose line and cap are one over the year, whatever the category (pins.md 1): those of
-- a benefit that speak of the same care. `measure_id` is the same for rules that count the same cost of a settlement.
-- `plain`: a rule of the year whose amount follows from the sum of what it counts; the others are worked out
-- settlement by settlement (`sql/pay/`), as all are where `depth` says so.
WITH tiered AS (
  SELECT region, benefit, category, valid_from, rule_key, COUNT(*) AS tiers
  FROM rule_tier
  GROUP BY region, benefit, category, valid_from, rule_key
),
said AS (
  SELECT
    r.region, r.benefit, r.category, r.valid_from, r.valid_until, r.rule_key, r.document, r.article, r.rank, r.mode,
    r.determined, r.undetermined_reason, r.whose_region, r.amount, r.line AS threshold, r.ratio, r.cap,
    r.settings, r.base, r.period, r.insutypes, r.on_application, COALESCE(r.conditions, '') AS conditions,
    COALESCE(r.hospital_levels, '') AS hospital_levels, COALESCE(r.deducts, '') AS deducts,
    COALESCE(r.cap_group, '') AS cap_group, r.group_cap, COALESCE(r.day, 'admission') AS on_day,
    COALESCE(t.tiers, 1) AS tiers, r.refers_to
  FROM rule_in_force AS r
  LEFT JOIN tiered AS t
    ON t.region = r.region AND t.benefit = r.benefit AND t.category = r.category AND t.valid_from = r.valid_from
   AND t.rule_key = r.rule_key
  WHERE r.benefit IN ('premium_subsidy', 'basic_insurance', 'serious_illness', 'medical_assistance', 'tilt')
)
SELECT
  CAST(ROW_NUMBER() OVER (
    ORDER BY s.region NULLS LAST, s.benefit NULLS LAST, s.category NULLS LAST, s.valid_from NULLS LAST,
             s.rule_key NULLS LAST
  ) AS INTEGER) AS rule_id,
  CAST(DENSE_RANK() OVER (
    ORDER BY s.region NULLS LAST, s.benefit NULLS LAST, s.category NULLS LAST, s.rule_key NULLS LAST, s.mode NULLS LAST,
             s.document NULLS LAST, s.article NULLS LAST, s.determined NULLS LAST, s.undetermined_reason NULLS LAST,
             s.amount NULLS LAST, s.threshold NULLS LAST, s.ratio NULLS LAST, s.cap NULLS LAST,
             s.group_cap NULLS LAST, s.tiers NULLS LAST, s.refers_to NULLS LAST
  ) AS INTEGER) AS shown,
  CAST(DENSE_RANK() OVER (
    ORDER BY s.benefit NULLS LAST, s.settings NULLS LAST, s.insutypes NULLS LAST, s.hospital_levels NULLS LAST,
             s.period NULLS LAST
  ) AS INTEGER) AS account,
  CAST(DENSE_RANK() OVER (
    ORDER BY s.benefit NULLS LAST, s.settings NULLS LAST, s.insutypes NULLS LAST, s.hospital_levels NULLS LAST,
             s.conditions NULLS LAST, s.on_application NULLS LAST
  ) AS INTEGER) AS measure_id,
  s.period = 'year' AND s.tiers = 1 AND s.cap_group = '' AND s.deducts = '' AND s.on_day = 'admission'
  AND CASE s.benefit
    WHEN 'medical_assistance' THEN s.base = 'after_basic_and_serious_illness'
    WHEN 'tilt' THEN s.base = 'after_all_three'
    ELSE FALSE
  END AND NOT d.every_settlement AS plain,
  s.*
FROM said AS s
CROSS JOIN depth AS d
