-- 汇总 What a change costs and whom it lifts or lowers, by benefit and by the label of `labelled`: nothing, a category or
-- a division. A person stands under one label a benefit, so that the labels add up to the whole.
SELECT
  benefit, label,
  CAST(SUM(cost_before) AS BIGINT) AS cost_before, CAST(SUM(cost_after) AS BIGINT) AS cost_after,
  CAST(SUM(known_only_before) AS BIGINT) AS known_only_before,
  CAST(SUM(known_only_after) AS BIGINT) AS known_only_after,
  COUNT(*) AS persons,
  CAST(SUM(CASE WHEN outcome = 'lifted' THEN 1 ELSE 0 END) AS BIGINT) AS lifted,
  CAST(SUM(CASE WHEN outcome = 'lowered' THEN 1 ELSE 0 END) AS BIGINT) AS lowered,
  CAST(SUM(CASE WHEN outcome = 'newly_reached' THEN 1 ELSE 0 END) AS BIGINT) AS newly_reached,
  CAST(SUM(CASE WHEN outcome = 'no_longer_reached' THEN 1 ELSE 0 END) AS BIGINT) AS no_longer_reached,
  CAST(SUM(CASE WHEN outcome = 'unchanged' THEN 1 ELSE 0 END) AS BIGINT) AS unchanged,
  CAST(SUM(CASE WHEN outcome = 'undetermined' THEN 1 ELSE 0 END) AS BIGINT) AS undetermined,
  CAST(SUM(CASE WHEN unknown_before THEN 1 ELSE 0 END) AS BIGINT) AS undetermined_before,
  CAST(SUM(CASE WHEN unknown_after THEN 1 ELSE 0 END) AS BIGINT) AS undetermined_after
FROM labelled
GROUP BY benefit, label
