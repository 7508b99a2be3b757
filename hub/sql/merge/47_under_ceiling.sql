-- 限额所及 Every ceiling that a settlement is under: that of a category held on the day of admission, in the care it
-- speaks of. `allowed` is what of the settlement may be paid, in fen times basis points: a share of the in-scope cost,
-- or of the whole bill where the rule says so. `span` is the visit where the ceiling is of a single stay, else ''.
SELECT
  c.setl_id, c.person_id, r.ratio, r.rank, r.category, r.rule_key, r.document, r.article, r.effect, r.settings,
  r.insutypes, r.counts, CASE WHEN r.period = 'stay' THEN c.visit_id ELSE '' END AS span,
  CASE WHEN r.denominator = 'total' THEN c.total ELSE c.scope END * r.ratio AS allowed
FROM rule_in_force AS r
JOIN category_spell AS s ON s.category = r.category
JOIN cost AS c
  ON c.person_id = s.person_id AND s.valid_from <= c.begun AND s.valid_until > c.begun
 AND r.valid_from <= c.begun_here AND r.valid_until > c.begun_here
JOIN rule_care AS k
  ON k.settings = r.settings AND k.insutypes = r.insutypes AND k.setting = c.setting AND k.insutype = c.insutype
LEFT JOIN insured_place AS i ON i.person_id = c.person_id
WHERE r.benefit = 'ceiling' AND r.determined
  AND r.region = CASE WHEN r.whose_region = 'certified' THEN s.region ELSE COALESCE(i.region, s.region) END
