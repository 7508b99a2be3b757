-- 支付结果 What each rule pays of each settlement; undetermined (amount NULL) with its reason, never 0. `line` is what
-- is left of the line for this settlement. A rule whose condition is known not to be met pays nothing.
SELECT
  p.person_id, p.nth, p.rule_id, p.deducted, p.base_amount, p.payable,
  CASE WHEN r.threshold IS NOT NULL THEN GREATEST(r.threshold - p.before, 0) END AS line,
  p.unknown = 0 AND p.unknown_before = 0 OR p.given IS NOT NULL AS determined, p.given,
  CASE
    WHEN p.unknown = 0 AND p.unknown_before = 0 OR p.given IS NOT NULL THEN COALESCE(g.amount, p.amount)
  END AS amount,
  CASE WHEN g.cap_left IS NULL OR p.cap_left <= g.cap_left THEN p.cap_left ELSE g.cap_left END AS cap_left,
  CASE
    WHEN p.given IS NOT NULL THEN CAST(NULL AS STRING)
    WHEN NOT r.determined THEN r.undetermined_reason
    WHEN p.unsure IS NOT NULL THEN p.unsure
    WHEN p.unknown > 0 THEN 'needs ' || CASE
      WHEN r.conditions LIKE '%referral%' AND c.referral IS NULL THEN 'referral'
      WHEN r.conditions LIKE '%in_region%' AND c.in_region IS NULL THEN 'in_region'
      WHEN r.conditions LIKE '%designated%' AND c.designated IS NULL THEN 'designated'
      ELSE 'hospital_level'
    END || ', which no source tells'
    WHEN p.unknown_before > 0 THEN 'an earlier settlement of the year is undetermined'
  END AS reason
FROM capped AS p
JOIN rule AS r ON r.rule_id = p.rule_id
JOIN care AS c ON c.care_id = p.care_id
LEFT JOIN shared_cap AS g ON g.person_id = p.person_id AND g.nth = p.nth AND g.rule_id = p.rule_id
