-- 末次在册 Until which list the rows of a snapshot stood that later snapshots repeat: `line` NULL says it for all of
-- the batch's lines but those that have a row of their own. A later snapshot is kept as what changed against one kept
-- whole, its base: a line of the base that is not among its lines gone (`gone_line`) stands in it too.
WITH resting AS (
  SELECT
    r.base, r.batch_id, o.place,
    ROW_NUMBER() OVER (PARTITION BY r.base ORDER BY o.place DESC NULLS LAST) AS age
  FROM repeats AS r
  JOIN batch_order AS o ON o.batch_id = r.batch_id
),
left_out AS (
  SELECT n.base, g.line
  FROM resting AS n
  JOIN gone_line AS g ON g.batch_id = n.batch_id
  WHERE n.age = 1
),
later AS (
  SELECT l.base, l.line, r.batch_id, r.place
  FROM left_out AS l
  JOIN resting AS r ON r.base = l.base AND r.age > 1
  LEFT JOIN gone_line AS g ON g.batch_id = r.batch_id AND g.line = l.line
  WHERE g.line IS NULL
),
stood AS (
  SELECT base, batch_id, CAST(NULL AS INTEGER) AS line, place FROM resting WHERE age = 1
  UNION ALL
  SELECT l.base, COALESCE(t.batch_id, l.base), l.line, COALESCE(t.place, 0)
  FROM left_out AS l
  LEFT JOIN later AS t ON t.base = l.base AND t.line = l.line
),
last_place AS (
  SELECT
    base, line, batch_id,
    ROW_NUMBER() OVER (PARTITION BY base, line ORDER BY place DESC NULLS LAST) AS age
  FROM stood
)
SELECT s.base AS batch_id, s.line, o.place, o.gone_from
FROM last_place AS s
JOIN batch_order AS o ON o.batch_id = s.batch_id
WHERE s.age = 1
