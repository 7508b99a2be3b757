-- 跨待遇共用限额 What rules of several benefits that share a cap are paid under it, in the order of settlements and, of one
-- settlement, of layers. Once the cap is reached nothing is paid by any of them, so that a later layer's base no longer
-- matters. What follows something unknown is unknown too.
WITH member AS (
  SELECT
    p.person_id, p.nth, p.rule_id, p.amount, r.document, r.cap_group, r.group_cap,
    CASE r.benefit WHEN 'basic_insurance' THEN 1 WHEN 'serious_illness' THEN 2 WHEN 'medical_assistance' THEN 3 ELSE 4
    END AS layer,
    CASE r.group_period
      WHEN 'stay' THEN v.visit_id WHEN 'month' THEN CAST(MONTH(c.discharged) AS STRING)
      WHEN 'quarter' THEN CAST(QUARTER(c.discharged) AS STRING)
      WHEN 'half_year' THEN CASE WHEN MONTH(c.discharged) <= 6 THEN '1' ELSE '2' END
      ELSE ''
    END AS span
  FROM every_paid AS p
  JOIN rule AS r ON r.rule_id = p.rule_id
  JOIN spanning AS s ON s.document = r.document AND s.cap_group = r.cap_group
  JOIN charge AS c ON c.person_id = p.person_id AND c.nth = p.nth
  LEFT JOIN visit AS v ON v.setl_id = c.setl_id
),
running AS (
  SELECT
    *, CAST(SUM(COALESCE(amount, 0)) OVER shared AS BIGINT) AS paid_after,
    CAST(SUM(CASE WHEN amount IS NULL THEN 1 ELSE 0 END) OVER shared AS BIGINT) AS unknown
  FROM member
  WINDOW shared AS (
    PARTITION BY person_id, document, cap_group, span
    ORDER BY nth NULLS LAST, layer NULLS LAST, rule_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
  person_id, nth, rule_id, unknown = 0 AS known,
  CASE WHEN unknown = 0 THEN LEAST(paid_after, group_cap) - LEAST(paid_after - amount, group_cap) END AS amount,
  GREATEST(group_cap - paid_after, 0) AS cap_left
FROM running
