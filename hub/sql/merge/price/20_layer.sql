-- 各层待遇 A layer of payments on the person's own settlements of the year so far: the sum of what each rule offers.
-- No rule can give more than what is left. Where an earlier layer is undetermined or may be more (`doubt`) so is this.
WITH offered AS (
  SELECT
    person_id, rule_id, CAST(SUM(amount) AS BIGINT) AS amount, CAST(SUM(payable) AS BIGINT) AS most,
    BOOL_AND(determined) AS determined, MIN(reason) AS reason
  FROM offer
  GROUP BY person_id, rule_id
)
SELECT
  c.person_id, c.seg_from, c.seg_until, c.rule_id, c.category, c.region, c.rank, c.offered, c.held_there,
  c.determined AND COALESCE(o.determined, TRUE) AND COALESCE(d.determined, TRUE) AS determined,
  CASE WHEN c.determined AND COALESCE(o.determined, TRUE) AND COALESCE(d.determined, TRUE)
    THEN COALESCE(o.amount, 0) END AS annual_amount,
  COALESCE(o.most, 0) AS most,
  CASE WHEN c.determined THEN COALESCE(CASE WHEN NOT d.determined THEN d.doubt END, o.reason) END AS why_not,
  d.doubt, c.batch_id, c.line
FROM contender AS c
JOIN layer AS l ON l.benefit = c.benefit
LEFT JOIN offered AS o ON o.person_id = c.person_id AND o.rule_id = c.rule_id
LEFT JOIN earlier_doubt AS d ON d.person_id = c.person_id AND d.seg_from = c.seg_from
