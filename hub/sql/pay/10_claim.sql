-- 待付费用 What each rule that is put to a settlement (`due`) counts: its base, what is left to be paid, and whether the
-- settlement meets the rule's conditions (NULL: nobody says). The base is what earlier layers left, less the other aid
-- that documents deduct; nothing is paid above it, nor above what is left of the whole bill.
-- `unsure`: the earlier layers are undetermined here, so is the base. `counted` is what adds up over the account's
-- period: the year or, where `stay` names it, the visit.
WITH met AS (
  SELECT
    d.person_id, d.nth, d.rule_id, d.account, r.benefit, r.period, r.base, r.determined, s.given, s.unsure, s.scope,
    s.after_insurance, s.unpaid, s.room, c.visit_id, c.care_id,
    GREATEST(s.deducted, COALESCE(o.amount, 0)) AS deducted, m.met
  FROM due AS d
  JOIN rule AS r ON r.rule_id = d.rule_id
  JOIN close_charge AS c ON c.person_id = d.person_id AND c.nth = d.nth
  JOIN measure_care AS m ON m.measure_id = r.measure_id AND m.care_id = c.care_id
  JOIN close_standing AS s ON s.person_id = d.person_id AND s.nth = d.nth
  LEFT JOIN deducted AS o ON o.rule_id = d.rule_id AND o.person_id = d.person_id AND o.nth = d.nth
),
based AS (
  SELECT
    *,
    GREATEST(
      CASE
        WHEN base = 'scope' AND benefit IN ('medical_assistance', 'tilt') THEN scope
        WHEN base = 'after_basic_and_serious_illness' AND benefit = 'tilt' THEN after_insurance
        ELSE unpaid
      END - deducted, 0) AS base_amount,
    GREATEST(LEAST(unpaid - deducted, room), 0) AS payable
  FROM met
)
SELECT
  person_id, nth, rule_id, care_id, account, CASE WHEN period = 'stay' THEN visit_id ELSE '' END AS stay, given, met,
  unsure,
  deducted, base_amount, payable, CASE WHEN met THEN base_amount ELSE 0 END AS counted,
  CASE WHEN NOT determined OR unsure IS NOT NULL OR met IS NULL THEN 1 ELSE 0 END AS unknown
FROM based
