-- 支付结果 What each rule pays of each settlement; undetermined (amount NULL) with its reason, never 0. `line` is what
-- is left of the line for this settlement. A rule whose condition is known not to be met pays nothing.
WITH shared AS (
  SELECT
    p.*, COALESCE(t.amount, g.amount) AS shared_amount, g.cap_left AS shared_left,
    p.unknown_before + COALESCE(g.unknown_before, 0) AS earlier_unknown
  FROM capped AS p
  LEFT JOIN shared_cap AS g ON g.person_id = p.person_id AND g.nth = p.nth AND g.rule_id = p.rule_id
  LEFT JOIN ceiling_cap AS t ON t.person_id = p.person_id AND t.nth = p.nth AND t.rule_id = p.rule_id
)
SELECT
  p.person_id, p.nth, p.rule_id, p.deducted, p.base_amount, p.payable, p.line, p.uncounted,
  p.unknown = 0 AND p.earlier_unknown = 0 OR p.given IS NOT NULL AS determined, p.given,
  CASE
    WHEN p.unknown = 0 AND p.earlier_unknown = 0 OR p.given IS NOT NULL THEN COALESCE(p.shared_amount, p.amount)
  END AS amount,
  CASE WHEN p.shared_left IS NULL OR p.cap_left <= p.shared_left THEN p.cap_left ELSE p.shared_left END AS cap_left,
  CASE
    WHEN p.unknown = 0 AND p.earlier_unknown = 0 OR p.given IS NOT NULL THEN CAST(NULL AS STRING)
    WHEN NOT r.determined THEN r.undetermined_reason
    WHEN p.unsure IS NOT NULL THEN p.unsure
    WHEN p.unknown > 0 THEN 'needs ' || CASE
      WHEN r.conditions LIKE '%referral%' AND c.referral IS NULL THEN 'referral'
      WHEN r.conditions LIKE '%_region%' AND c.in_region IS NULL THEN 'in_region'
      WHEN r.conditions LIKE '%designated%' AND c.designated IS NULL THEN 'designated'
      WHEN r.hospital_levels <> '' AND c.hospital_level IS NULL THEN 'hospital_level'
      WHEN COALESCE(r.age_from, r.age_below) IS NOT NULL AND COALESCE(c.age, c.age_out) IS NULL THEN 'birth'
      ELSE 'admitted'
    END || ', which no source tells'
    WHEN p.earlier_unknown > 0 THEN 'an earlier settlement of the year is undetermined'
  END AS reason
FROM shared AS p
JOIN rule AS r ON r.rule_id = p.rule_id
JOIN care AS c ON c.care_id = p.care_id
