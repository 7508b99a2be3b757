-- 封顶的上限 For each settlement under a ceiling that caps (`effect`): what of it may be paid, in fen times basis points,
-- and over what that counts: the year or the visit. Of several ceilings the one that allows most counts. `aid`: other
-- aid that the ceiling counts as paid.
WITH chosen AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY setl_id
      ORDER BY allowed DESC NULLS LAST, ratio DESC NULLS LAST, rank NULLS LAST, category NULLS LAST,
               rule_key NULLS LAST) AS nth
  FROM under_ceiling
  WHERE effect = 'cap'
)
SELECT c.setl_id, c.person_id, c.span, MAX(c.allowed) AS allowed, CAST(SUM(COALESCE(o.amount, 0)) AS BIGINT) AS aid
FROM chosen AS c
LEFT JOIN other_aid AS o ON o.setl_id = c.setl_id AND ',' || c.counts || ',' LIKE '%,' || o.kind || ',%'
WHERE c.nth = 1
GROUP BY c.setl_id, c.person_id, c.span
