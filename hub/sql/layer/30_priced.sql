-- 各规则所给 What each rule that contends gives for the year: on the sum that it counts (a plain rule), or by the offers
-- that
-- were worked out settlement by settlement (`offered`). person_id -1 is anyone without a settlement in the year.
-- No rule can give more than what is left (`most`). Where an earlier layer is undetermined or may be more (`doubt`) so
-- is this one.
WITH asked AS (
  SELECT c.person_id, b.stretch_id, b.rule_id, c.counted, c.payable
  FROM counted AS c
  JOIN ballot AS b ON b.situation_id = c.situation_id AND b.measure_id = c.measure_id
  JOIN layer AS l ON l.benefit = b.benefit
  UNION ALL
  SELECT CAST(-1 AS BIGINT), b.stretch_id, b.rule_id, CAST(0 AS BIGINT), CAST(0 AS BIGINT)
  FROM ballot AS b
  JOIN layer AS l ON l.benefit = b.benefit
),
offered AS (
  SELECT
    person_id, rule_id, CAST(SUM(amount) AS BIGINT) AS amount, CAST(SUM(payable) AS BIGINT) AS most,
    BOOL_AND(determined) AS determined, MIN(reason) AS reason
  FROM offer
  GROUP BY person_id, rule_id
),
given AS (
  SELECT
    a.person_id, a.stretch_id, a.rule_id, b.sole, b.offered, b.turn,
    b.simple AND x.person_id IS NULL AND d.stretch_id IS NULL AS simple,
    b.determined AND COALESCE(o.determined, TRUE) AND COALESCE(d.determined, TRUE) AS determined,
    CASE
      WHEN o.person_id IS NOT NULL THEN o.amount
      ELSE LEAST(half_up(GREATEST(a.counted - b.threshold, 0), b.ratio), b.cap)
    END AS amount,
    COALESCE(o.most, a.payable) AS most,
    CASE WHEN b.determined THEN COALESCE(CASE WHEN NOT d.determined THEN d.doubt END, o.reason) END AS why_not, d.doubt
  FROM asked AS a
  JOIN ballot AS b ON b.stretch_id = a.stretch_id AND b.rule_id = a.rule_id
  LEFT JOIN close_person AS x ON x.person_id = a.person_id
  LEFT JOIN offered AS o ON o.person_id = a.person_id AND o.rule_id = a.rule_id
  LEFT JOIN earlier_doubt AS d ON d.person_id = a.person_id AND d.stretch_id = a.stretch_id
)
SELECT
  person_id, stretch_id, rule_id, sole, simple, offered, turn, determined,
  CASE WHEN determined THEN COALESCE(amount, 0) END AS annual_amount, most, why_not, doubt
FROM given
