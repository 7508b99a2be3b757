-- 已扣减的其他救助 The other aid that documents deducted of each settlement, before some line.
WITH taking AS (
  SELECT DISTINCT p.setl_id, p.rule_key, r.deducts
  FROM payment AS p
  JOIN rule_in_force AS r ON r.rule_key = p.rule_key
),
taken AS (
  SELECT t.setl_id, t.rule_key, CAST(SUM(o.amount) AS BIGINT) AS amount
  FROM taking AS t
  JOIN other_aid AS o ON o.setl_id = t.setl_id AND ',' || t.deducts || ',' LIKE '%,' || o.kind || ',%'
  GROUP BY t.setl_id, t.rule_key
)
SELECT setl_id, MAX(amount) AS amount FROM taken GROUP BY setl_id
