-- title: 应资助未资助
-- title_en: premium subsidy missing
-- severity: high
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 新疆通知（2023-02-09）第一条；鲁政办发〔2022〕12号
-- A living insured person is entitled on the month's last day to a premium subsidy for the year, and nothing was
-- received for the year, from any payer. Expected: the subsidy of the year, empty where the amount is unknown (one
-- is due all the same); actual: received, net.
WITH received AS (
  SELECT s.person_id, CAST(SUM(s.amount) AS BIGINT) AS amount
  FROM subsidy AS s
  CROSS JOIN period AS p
  WHERE s.year = p.year AND (s.paid IS NULL OR s.paid < p.month_end)
  GROUP BY s.person_id
)
SELECT
  e.person_id, n.county, e.category, e.annual_amount AS expected, COALESCE(r.amount, 0) AS actual,
  c.batch_id, c.line, c.record_digest
FROM entitlement AS e
CROSS JOIN period AS p
JOIN person AS n ON n.person_id = e.person_id
JOIN insured_place AS i ON i.person_id = e.person_id
JOIN entitlement_candidate AS c
  ON c.person_id = e.person_id AND c.benefit = e.benefit AND c.valid_from = e.valid_from AND c.place = 1
LEFT JOIN received AS r ON r.person_id = e.person_id
WHERE e.benefit = 'premium_subsidy' AND (NOT e.determined OR e.annual_amount > 0)
  AND e.valid_from <= p.last_day AND e.valid_until > p.last_day
  AND (n.death IS NULL OR n.death > p.last_day)
  AND COALESCE(r.amount, 0) <= 0
