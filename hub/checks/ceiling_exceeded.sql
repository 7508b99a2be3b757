-- title: 报销比例超上限
-- title_en: reimbursement above the ceiling
-- severity: low
-- addressee: medical_insurance
-- deadline_days: 60
-- citation: 新疆通知（2023-02-09）第四条（原则上不超过95%）
-- The layers together paid more of a person's in-scope cost of the year so far than the ceiling of the categories that
-- the person held on the days of admission; in the settings the rule speaks of. Where several ceilings reach a stay the
-- most generous counts. Expected: the most the layers may pay; actual: what they paid.
WITH ruled AS (
  SELECT
    c.setl_id, c.person_id, c.scope, c.scope - c.self_in_scope AS paid, c.discharged, r.ratio, r.category,
    c.batch_id, c.line, c.record_digest,
    ROW_NUMBER() OVER (
      PARTITION BY c.setl_id ORDER BY r.ratio DESC NULLS LAST, r.rank NULLS LAST, r.category NULLS LAST) AS nth
  FROM cost AS c
  JOIN category_spell AS s ON s.person_id = c.person_id AND s.valid_from <= c.admitted AND s.valid_until > c.admitted
  LEFT JOIN insured_place AS i ON i.person_id = c.person_id
  JOIN rule_in_force AS r ON r.category = s.category AND r.valid_from <= c.admitted AND r.valid_until > c.admitted
  JOIN rule_care AS a
    ON a.settings = r.settings AND a.insutypes = r.insutypes AND a.setting = c.setting AND a.insutype = c.insutype
  WHERE r.benefit = 'ceiling' AND r.determined
    AND r.region = CASE WHEN r.whose_region = 'certified' THEN s.region ELSE COALESCE(i.region, s.region) END
),
stay AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id ORDER BY discharged DESC NULLS LAST, setl_id NULLS LAST) AS age
  FROM ruled
  WHERE nth = 1
),
year_total AS (
  SELECT
    person_id, CAST(SUM(paid) AS BIGINT) AS paid, CAST(SUM(scope) AS BIGINT) AS scope,
    CAST(SUM(scope * ratio) AS BIGINT) AS allowed
  FROM stay
  GROUP BY person_id
)
SELECT
  t.person_id, n.county, s.category, half_up(t.allowed, 1) AS expected, t.paid AS actual,
  s.batch_id, s.line, s.record_digest
FROM year_total AS t
JOIN stay AS s ON s.person_id = t.person_id AND s.age = 1
JOIN person AS n ON n.person_id = t.person_id
WHERE t.paid * 10000 > t.allowed
