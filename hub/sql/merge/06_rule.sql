-- 规则编号 The rules that pay, numbered, so that a number and not the text travels with each person.
-- The order of numbers within a region, benefit, category and day is that of the rules' keys. `shown` is the same for
-- rows that say and pay the same: a rule whose rank or predecessor changes on a day has a row before and after.
-- `account` is the same for rules whose line and cap are one over the year, whatever the category (pins.md 1): those of
-- a benefit that speak of the same care. `measure_id` is the same for rules that count the same cost of a settlement.
-- `offer_account` is the same for rules of one offer that share an account (the branches of a condition).
-- `line_period`, `tiers_period`, `cap_period`, `group_period`: what each counts over: `period` where nothing is said,
-- and the year for a shared cap. `apart`: what a settlement earns is rounded by itself, since its line is not a place
-- on the cost that adds up.
-- `banded`: some rule of the account decides only in a band of the cost. `look_back`: months before a category's first
-- day that count.
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
    COALESCE(t.tiers, 1) AS tiers, r.refers_to,
    COALESCE(r.line_period, CASE WHEN r.stay_lines <> '' THEN 'stay' END, r.period) AS line_period,
    COALESCE(r.cap_period, r.period) AS cap_period, COALESCE(r.group_cap_period, 'year') AS group_period,
    COALESCE(r.tiers_period, r.line_period, CASE WHEN r.stay_lines <> '' THEN 'stay' END, r.period) AS tiers_period,
    COALESCE(r.tiers_from, 'cost') AS tiers_from, COALESCE(r.stay_lines, '') AS stay_lines, r.lines_most,
    COALESCE(r.line_group, '') AS line_group, r.line_share, r.line_of, r.line_least, r.line_most, r.least_ratio,
    r.cost_cap, r.first_own, r.pay, r.pay_per_day, r.cost_per_day, r.cost_from, r.cost_below, r.age_from, r.age_below,
    COALESCE(r.look_back, 0) AS look_back
  FROM rule_in_force AS r
  LEFT JOIN tiered AS t
    ON t.region = r.region AND t.benefit = r.benefit AND t.category = r.category AND t.valid_from = r.valid_from
   AND t.rule_key = r.rule_key
  WHERE r.benefit IN ('premium_subsidy', 'basic_insurance', 'serious_illness', 'medical_assistance', 'tilt')
),
numbered AS (
  SELECT
    *,
    CAST(ROW_NUMBER() OVER (
      ORDER BY region NULLS LAST, benefit NULLS LAST, category NULLS LAST, valid_from NULLS LAST, rule_key NULLS LAST
    ) AS INTEGER) AS rule_id,
    CAST(DENSE_RANK() OVER (
      ORDER BY benefit NULLS LAST, settings NULLS LAST, insutypes NULLS LAST, hospital_levels NULLS LAST,
               period NULLS LAST, line_period NULLS LAST, tiers_period NULLS LAST, cap_period NULLS LAST,
               base = 'special_drugs' NULLS LAST
    ) AS INTEGER) AS account
  FROM said
)
SELECT
  CAST(DENSE_RANK() OVER (
    ORDER BY s.region NULLS LAST, s.benefit NULLS LAST, s.category NULLS LAST, s.rule_key NULLS LAST, s.mode NULLS LAST,
             s.document NULLS LAST, s.article NULLS LAST, s.determined NULLS LAST, s.undetermined_reason NULLS LAST,
             s.amount NULLS LAST, s.threshold NULLS LAST, s.ratio NULLS LAST, s.cap NULLS LAST,
             s.group_cap NULLS LAST, s.tiers NULLS LAST, s.refers_to NULLS LAST
  ) AS INTEGER) AS shown,
  MIN(s.rule_id) OVER offer AS offer_account,
  CAST(DENSE_RANK() OVER (ORDER BY s.document NULLS LAST, s.line_group NULLS LAST) AS INTEGER) AS line_group_id,
  CAST(DENSE_RANK() OVER (
    ORDER BY s.benefit NULLS LAST, s.settings NULLS LAST, s.insutypes NULLS LAST, s.hospital_levels NULLS LAST,
             s.conditions NULLS LAST, s.on_application NULLS LAST, s.age_from NULLS LAST, s.age_below NULLS LAST,
             CASE WHEN COALESCE(s.age_from, s.age_below) IS NOT NULL THEN s.on_day END NULLS LAST
  ) AS INTEGER) AS measure_id,
  s.lines_most IS NOT NULL OR s.tiers > 1
  AND (s.stay_lines <> '' OR s.line_share IS NOT NULL OR s.tiers_period <> s.line_period) AS apart,
  s.line_period = 'stay' OR s.tiers_period = 'stay' OR s.cap_period = 'stay' OR s.group_period = 'stay'
  OR s.least_ratio IS NOT NULL OR COALESCE(s.pay_per_day, s.cost_per_day) IS NOT NULL AS by_stay,
  BOOL_OR(COALESCE(s.cost_from, s.cost_below) IS NOT NULL) OVER (PARTITION BY s.account) AS banded,
  s.line_period = 'year' AND s.cap_period = 'year' AND s.tiers = 1 AND s.cap_group = '' AND s.deducts = ''
  AND s.on_day = 'admission' AND s.line_group = ''
  AND COALESCE(s.lines_most, s.line_share, s.least_ratio, s.cost_cap, s.first_own, s.pay) IS NULL
  AND COALESCE(s.pay_per_day, s.cost_per_day, s.cost_from, s.cost_below) IS NULL
  AND (s.determined OR s.conditions = '' AND NOT s.on_application)
  AND ',' || s.conditions || ',' NOT LIKE '%,cap_reached,%'
  AND COUNT(*) OVER offer = 1
  AND CASE s.benefit
    WHEN 'medical_assistance' THEN s.base = 'after_basic_and_serious_illness'
    WHEN 'tilt' THEN s.base = 'after_all_three'
    ELSE FALSE
  END AND NOT d.every_settlement AS plain,
  s.*
FROM numbered AS s
CROSS JOIN depth AS d
WINDOW offer AS (PARTITION BY s.region, s.benefit, s.category, s.valid_from, s.account)
