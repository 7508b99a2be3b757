-- 应救助与实救助 Where medical assistance or tilt is due for a settlement that counts, by determined rules, and something
-- else was paid: one row a settlement and benefit. `other_due`, `other_paid`: the other of the two benefits (NULL where
-- undetermined); `other_lines`: fund lines whose purpose nobody tells, in which tilt may stand.
-- `certified`: the day by which the category of the rule was certified (without one, that from which it holds).
-- `doubtful`: another rule may give more, so that the amount is only the least of the year. `rival`: the rule asks for
-- an application, and one that asks for none reaches the person through another category.
WITH said AS (
  SELECT
    rule_key, benefit, BOOL_AND(on_application) AS on_application, BOOL_OR(day = 'discharge') AS at_discharge,
    MAX(COALESCE(look_back, 0)) AS look_back
  FROM rule_in_force
  WHERE benefit IN ('medical_assistance', 'tilt')
  GROUP BY rule_key, benefit
),
ruled AS (
  SELECT
    p.setl_id, p.benefit, MIN(p.category) AS category,
    CASE WHEN BOOL_AND(p.determined) THEN CAST(SUM(p.amount) AS BIGINT) END AS due,
    BOOL_AND(s.on_application) AS on_application, BOOL_OR(s.at_discharge) AS at_discharge,
    MAX(s.look_back) AS look_back
  FROM payment AS p
  JOIN said AS s ON s.rule_key = p.rule_key AND s.benefit = p.benefit
  GROUP BY p.setl_id, p.benefit
),
billed AS (
  SELECT
    r.*, c.person_id, c.settled, c.discharged, c.batch_id, c.line, c.record_digest,
    CASE WHEN r.benefit = 'tilt' THEN c.tilt_paid ELSE c.medical_assistance_paid END AS paid,
    CASE WHEN r.benefit = 'tilt' THEN c.medical_assistance_paid ELSE c.tilt_paid END AS other_paid,
    CASE WHEN r.at_discharge THEN c.discharged ELSE c.begun END AS day,
    CASE WHEN r.at_discharge THEN c.discharged ELSE c.begun_here END AS day_here
  FROM ruled AS r
  JOIN cost AS c ON c.setl_id = r.setl_id
  WHERE r.due <> CASE WHEN r.benefit = 'tilt' THEN c.tilt_paid ELSE c.medical_assistance_paid END
),
certification AS (
  SELECT b.setl_id, b.benefit, MIN(COALESCE(s.certified, s.valid_from)) AS certified
  FROM billed AS b
  JOIN category_spell AS s
    ON s.person_id = b.person_id AND s.category = b.category
   AND months_before(s.valid_from, b.look_back) <= b.day AND s.valid_until > b.day
  GROUP BY b.setl_id, b.benefit
),
doubted AS (
  SELECT DISTINCT b.setl_id, b.benefit
  FROM billed AS b
  JOIN entitlement AS e ON e.person_id = b.person_id AND e.benefit = b.benefit AND e.valid_from <= b.discharged
  WHERE e.determined AND e.undetermined_reason IS NOT NULL
),
rivalled AS (
  SELECT DISTINCT b.setl_id, b.benefit
  FROM billed AS b
  JOIN entitlement_candidate AS k
    ON k.person_id = b.person_id AND k.benefit = b.benefit AND k.category <> b.category
   AND k.valid_from <= b.day_here AND k.valid_until > b.day_here
  JOIN said AS s ON s.rule_key = k.rule_key AND s.benefit = k.benefit
  WHERE b.on_application AND NOT s.on_application
),
unnamed_line AS (
  SELECT s.setl_id, CAST(SUM(d.fund_payamt) AS BIGINT) AS amount
  FROM settlement AS s
  JOIN medical_insurance_settlements_setldetail AS d ON d.batch_id = s.batch_id AND d.line = s.line
  JOIN known_code AS k
    ON k.list = 'fund_pay_type' AND k.province = COALESCE(SUBSTRING(s.region, 1, 2), '') AND k.code = d.fund_pay_type
  WHERE k.value = 'other'
  GROUP BY s.setl_id
),
year_total AS (
  SELECT person_id, CAST(SUM(medical_assistance_paid + tilt_paid) AS BIGINT) AS paid
  FROM cost
  GROUP BY person_id
)
SELECT
  b.setl_id, b.person_id, b.benefit, b.category, b.settled, b.due, b.paid, b.on_application,
  CASE WHEN o.setl_id IS NULL THEN 0 ELSE o.due END AS other_due, b.other_paid, COALESCE(l.amount, 0) AS other_lines,
  y.paid AS year_paid, f.certified, d.setl_id IS NOT NULL AS doubtful, v.setl_id IS NOT NULL AS rival,
  b.batch_id, b.line, b.record_digest
FROM billed AS b
JOIN year_total AS y ON y.person_id = b.person_id
LEFT JOIN ruled AS o ON o.setl_id = b.setl_id AND o.benefit <> b.benefit
LEFT JOIN certification AS f ON f.setl_id = b.setl_id AND f.benefit = b.benefit
LEFT JOIN doubted AS d ON d.setl_id = b.setl_id AND d.benefit = b.benefit
LEFT JOIN rivalled AS v ON v.setl_id = b.setl_id AND v.benefit = b.benefit
LEFT JOIN unnamed_line AS l ON l.setl_id = b.setl_id
