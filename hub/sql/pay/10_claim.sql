-- 待付费用 What each rule that is put to a settlement (`due`) counts: its base, what is left to be paid, and whether the
-- settlement meets the rule's conditions (NULL: nobody says). The base is what earlier layers left, less the other aid
-- that documents deduct; nothing is paid above it, nor above what is left of the whole bill.
-- Special drugs are of the bill and not of the cost in scope: their rules count them alone. `days`: those of the stay.
-- `unsure`: the earlier layers are undetermined here, so is the base. What is counted adds up in an account over the
-- line's, the tiers' and the cap's `..._span`: the year, part of it or, as the rule says, the visit. Rules of a
-- `line_group` count toward their lines together.
WITH met AS (
  SELECT
    d.person_id, d.nth, d.rule_id, d.account, h.share, r.benefit, r.base, r.determined, s.given,
    CASE WHEN r.base <> 'special_drugs' THEN s.unsure END AS unsure, s.scope, c.special_drug_cost, s.above_basic,
    s.after_insurance, s.unpaid, s.room, c.visit_id, c.care_id,
    GREATEST(s.deducted, COALESCE(o.amount, 0)) AS deducted,
    m.met AND (',' || r.conditions || ',' NOT LIKE '%,cap_reached,%' OR s.cap_reached) AS met, r.line_period,
    r.tiers_period, r.cap_period,
    r.group_period, CASE WHEN r.line_group = '' THEN d.account ELSE -r.line_group_id END AS line_account,
    CASE WHEN r.line_group = '' THEN 0 ELSE h.share END AS line_side,
    CASE r.line_of WHEN 'total' THEN c.total WHEN 'scope' THEN c.scope ELSE 0 END AS line_cost,
    'm' || CAST(MONTH(c.discharged) AS STRING) AS month, 'q' || CAST(QUARTER(c.discharged) AS STRING) AS quarter,
    CASE WHEN MONTH(c.discharged) <= 6 THEN 'h1' ELSE 'h2' END AS half_year,
    r.banded, r.cost_from, r.cost_below, r.cost_per_day, y.days,
    COALESCE(r.pay_per_day, r.cost_per_day) IS NOT NULL AND y.days IS NULL AS no_days
  FROM due AS d
  JOIN rule AS r ON r.rule_id = d.rule_id
  JOIN shares AS h ON h.rule_id = d.rule_id
  JOIN close_charge AS c ON c.person_id = d.person_id AND c.nth = d.nth
  JOIN measure_care AS m ON m.measure_id = r.measure_id AND m.care_id = c.care_id
  JOIN close_standing AS s ON s.person_id = d.person_id AND s.nth = d.nth
  LEFT JOIN deducted AS o ON o.rule_id = d.rule_id AND o.person_id = d.person_id AND o.nth = d.nth
  LEFT JOIN stay_day AS y ON y.person_id = d.person_id AND y.nth = d.nth
  WHERE r.base <> 'special_drugs' OR c.special_drug_cost > 0 AND s.given IS NULL
),
based AS (
  SELECT
    *,
    CASE WHEN base = 'special_drugs' THEN special_drug_cost ELSE GREATEST(
      CASE
        WHEN base = 'above_basic' THEN LEAST(above_basic, unpaid)
        WHEN base = 'scope' AND benefit IN ('medical_assistance', 'tilt') THEN scope
        WHEN base = 'after_basic_and_serious_illness' AND benefit = 'tilt' THEN after_insurance
        ELSE unpaid
      END - deducted, 0) END AS base_amount,
    CASE
      WHEN met IS FALSE THEN 0
      WHEN base = 'special_drugs' THEN GREATEST(LEAST(special_drug_cost, room - unpaid), 0)
      ELSE GREATEST(LEAST(unpaid - deducted, room), 0)
    END AS payable
  FROM met
)
SELECT
  person_id, nth, rule_id, care_id, account, share, line_account, line_side, visit_id, given, met, unsure, deducted,
  base_amount, payable, banded, cost_from, cost_below, days,
  CASE WHEN met THEN COALESCE(LEAST(base_amount, cost_per_day * days), base_amount) ELSE 0 END AS counted,
  CASE WHEN met THEN line_cost ELSE 0 END AS line_cost,
  CASE WHEN met IS NOT FALSE AND (NOT determined OR unsure IS NOT NULL OR met IS NULL OR no_days) THEN 1 ELSE 0 END
    AS unknown,
  CASE line_period
    WHEN 'stay' THEN visit_id WHEN 'month' THEN month WHEN 'quarter' THEN quarter WHEN 'half_year' THEN half_year
    ELSE ''
  END AS line_span,
  CASE tiers_period
    WHEN 'stay' THEN visit_id WHEN 'month' THEN month WHEN 'quarter' THEN quarter WHEN 'half_year' THEN half_year
    ELSE ''
  END AS tiers_span,
  CASE cap_period
    WHEN 'stay' THEN visit_id WHEN 'month' THEN month WHEN 'quarter' THEN quarter WHEN 'half_year' THEN half_year
    ELSE ''
  END AS cap_span,
  CASE group_period
    WHEN 'stay' THEN visit_id WHEN 'month' THEN month WHEN 'quarter' THEN quarter WHEN 'half_year' THEN half_year
    ELSE ''
  END AS group_span
FROM based
