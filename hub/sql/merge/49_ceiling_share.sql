-- 封顶的上限 For each settlement under a ceiling that caps (`effect`): what of it may be paid, in fen times basis points,
-- and over what that counts: the year or the visit. The ceiling is that of the category held on the day of admission,
-- in the care it speaks of; of several the one that allows most. `aid`: other aid that the ceiling counts as paid.
WITH met AS (
  SELECT
    c.setl_id, c.person_id, r.ratio, r.rank, r.category, r.rule_key, r.counts,
    CASE WHEN r.period = 'stay' THEN c.visit_id ELSE '' END AS span,
    CASE WHEN r.denominator = 'total' THEN c.total ELSE c.scope END * r.ratio AS allowed
  FROM rule_in_force AS r
  JOIN category_spell AS s ON s.category = r.category
  JOIN cost AS c
    ON c.person_id = s.person_id AND s.valid_from <= c.begun AND s.valid_until > c.begun
   AND r.valid_from <= c.begun_here AND r.valid_until > c.begun_here
  JOIN rule_care AS k
    ON k.settings = r.settings AND k.insutypes = r.insutypes AND k.setting = c.setting AND k.insutype = c.insutype
  LEFT JOIN insured_place AS i ON i.person_id = c.person_id
  WHERE r.benefit = 'ceiling' AND r.effect = 'cap' AND r.determined
    AND r.region = CASE WHEN r.whose_region = 'certified' THEN s.region ELSE COALESCE(i.region, s.region) END
),
chosen AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY setl_id
      ORDER BY allowed DESC NULLS LAST, ratio DESC NULLS LAST, rank NULLS LAST, category NULLS LAST,
               rule_key NULLS LAST) AS nth
  FROM met
)
SELECT c.setl_id, c.person_id, c.span, MAX(c.allowed) AS allowed, CAST(SUM(COALESCE(o.amount, 0)) AS BIGINT) AS aid
FROM chosen AS c
LEFT JOIN other_aid AS o ON o.setl_id = c.setl_id AND ',' || c.counts || ',' LIKE '%,' || o.kind || ',%'
WHERE c.nth = 1
GROUP BY c.setl_id, c.person_id, c.span
