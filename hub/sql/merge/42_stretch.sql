-- 合并时段 Adjacent segments in which the same rules contend for a benefit, in the same order, joined into one.
-- Where medical assistance may stay undetermined, so may tilt: its stretches are then cut where assistance's are.
WITH contending AS (
  SELECT situation_id, benefit, seg_from, seg_until, 0 AS side, rank, shown, held_there, offered, code FROM contender
  UNION ALL
  SELECT c.situation_id, 'tilt', c.seg_from, c.seg_until, 1, c.rank, c.shown, c.held_there, c.offered, c.code
  FROM contender AS c
  JOIN (
    SELECT DISTINCT situation_id, seg_from FROM contender WHERE benefit = 'medical_assistance' AND doubtful
  ) AS d ON d.situation_id = c.situation_id AND d.seg_from = c.seg_from
  WHERE c.benefit = 'medical_assistance'
),
sized AS (
  SELECT
    *,
    COUNT(*) OVER (PARTITION BY situation_id, benefit, seg_from) AS size,
    ROW_NUMBER() OVER (
      PARTITION BY situation_id, benefit, seg_from
      ORDER BY side NULLS LAST, rank NULLS LAST, shown NULLS LAST, code NULLS LAST) AS place
  FROM contending
),
compared AS (
  SELECT
    situation_id, benefit, seg_from, seg_until,
    CASE
      WHEN LAG(seg_until) OVER before = seg_from AND LAG(size) OVER before = size AND LAG(shown) OVER before = shown
       AND LAG(held_there) OVER before = held_there AND LAG(offered) OVER before = offered
       AND LAG(code) OVER before = code
      THEN 0 ELSE 1
    END AS changed
  FROM sized
  WINDOW before AS (PARTITION BY situation_id, benefit, place ORDER BY seg_from NULLS LAST)
),
step AS (
  SELECT situation_id, benefit, seg_from, MIN(seg_until) AS seg_until, MAX(changed) AS changed
  FROM compared
  GROUP BY situation_id, benefit, seg_from
),
numbered AS (
  SELECT
    *,
    CAST(SUM(changed) OVER (
      PARTITION BY situation_id, benefit ORDER BY seg_from NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS island
  FROM step
),
joined AS (
  SELECT situation_id, benefit, MIN(seg_from) AS valid_from, MAX(seg_until) AS valid_until
  FROM numbered
  GROUP BY situation_id, benefit, island
)
SELECT
  CAST(ROW_NUMBER() OVER (
    ORDER BY situation_id NULLS LAST, benefit NULLS LAST, valid_from NULLS LAST) AS INTEGER) AS stretch_id,
  situation_id, benefit, valid_from, valid_until
FROM joined
