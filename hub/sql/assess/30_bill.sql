-- 每笔账单 What each payer pays of each settlement of a case, and what that leaves to the person.
-- Insurance that the file gives is what it gives. A payer without an amount is undetermined where its `..._unsure` says
-- why; else no rule speaks of it. What is undetermined is not taken off: what is left then is the most it can be.
-- `remaining`, `after_layers` and `total_...` are what warnings and ceilings look at; `self_in_scope` also has the
-- other aid taken off that a document deducts, `self_total` all of it. What insurance pays of special drugs is outside
-- the scope. Where the rule that pays gives nothing and one that outranks it but for what nobody knows may give more,
-- that is undetermined and not 0; so is what is counted on what it leaves. A refund and what it takes back are due
-- nothing.
WITH told AS (
  SELECT
    setl_id, benefit,
    CASE WHEN COUNT(amount) = COUNT(*) THEN CAST(SUM(amount) AS BIGINT) END AS amount,
    CASE WHEN COUNT(amount) < COUNT(*) THEN COALESCE(MIN(reason), 'the document does not say') END AS unsure
  FROM payment
  GROUP BY setl_id, benefit
),
doubted AS (
  SELECT c.setl_id, w.benefit, MIN(w.remark) AS doubt
  FROM ranked_everywhere AS w
  JOIN rule AS r ON r.rule_id = w.rule_id
  JOIN cost AS c
    ON c.person_id = w.person_id
   AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.begun_here END >= w.seg_from
   AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.begun_here END < w.seg_until
  JOIN outranked AS u ON u.setl_id = c.setl_id AND u.benefit = w.benefit
  JOIN told AS t ON t.setl_id = c.setl_id AND t.benefit = w.benefit AND t.amount = 0
  WHERE w.place = 1 AND w.determined AND w.remark IS NOT NULL AND u.amount IS NULL
  GROUP BY c.setl_id, w.benefit
),
doubts AS (
  SELECT
    s.setl_id, MAX(CASE WHEN d.benefit = 'basic_insurance' AND s.basic_paid IS NULL THEN d.doubt END) AS basic,
    MAX(CASE WHEN d.benefit = 'serious_illness' AND s.serious_illness_paid IS NULL THEN d.doubt END)
      AS serious_illness,
    MAX(CASE WHEN d.benefit = 'medical_assistance' THEN d.doubt END) AS assistance,
    MAX(CASE WHEN d.benefit = 'tilt' THEN d.doubt END) AS tilt
  FROM settlement AS s
  JOIN doubted AS d ON d.setl_id = s.setl_id
  GROUP BY s.setl_id
),
drugs AS (
  SELECT p.setl_id, CAST(SUM(p.amount) AS BIGINT) AS amount
  FROM payment AS p
  JOIN (SELECT DISTINCT rule_key FROM rule WHERE base = 'special_drugs') AS r ON r.rule_key = p.rule_key
  GROUP BY p.setl_id
),
aid AS (
  SELECT setl_id, CAST(SUM(amount) AS BIGINT) AS amount FROM other_aid GROUP BY setl_id
),
paid AS (
  SELECT
    s.setl_id, s.total, s.scope, COALESCE(d.amount, 0) AS drugs,
    COALESCE(a.amount, 0) AS other_aid, COALESCE(k.amount, 0) AS taken,
    COALESCE(s.basic_paid, b.amount) AS basic_paid,
    CASE WHEN s.basic_paid IS NULL THEN COALESCE(b.unsure, o.basic) END AS basic_paid_unsure,
    COALESCE(s.serious_illness_paid, i.amount) AS serious_illness_paid,
    CASE WHEN s.serious_illness_paid IS NULL THEN COALESCE(i.unsure, o.serious_illness) END
      AS serious_illness_paid_unsure,
    m.amount AS medical_assistance,
    COALESCE(m.unsure, o.assistance, CASE WHEN m.amount IS NOT NULL THEN COALESCE(
      'serious_illness: ' || o.serious_illness, 'basic_insurance: ' || o.basic) END) AS medical_assistance_unsure,
    t.amount AS tilt,
    COALESCE(t.unsure, o.tilt, CASE WHEN t.amount IS NOT NULL THEN COALESCE(
      'medical_assistance: ' || o.assistance, 'serious_illness: ' || o.serious_illness,
      'basic_insurance: ' || o.basic) END) AS tilt_unsure
  FROM settlement AS s
  LEFT JOIN told AS b ON b.setl_id = s.setl_id AND b.benefit = 'basic_insurance'
  LEFT JOIN told AS i ON i.setl_id = s.setl_id AND i.benefit = 'serious_illness'
  LEFT JOIN told AS m ON m.setl_id = s.setl_id AND m.benefit = 'medical_assistance'
  LEFT JOIN told AS t ON t.setl_id = s.setl_id AND t.benefit = 'tilt'
  LEFT JOIN doubts AS o ON o.setl_id = s.setl_id
  LEFT JOIN drugs AS d ON d.setl_id = s.setl_id
  LEFT JOIN aid AS a ON a.setl_id = s.setl_id
  LEFT JOIN aid_taken AS k ON k.setl_id = s.setl_id
  WHERE NOT s.cancelled
),
summed AS (
  SELECT
    *, COALESCE(basic_paid, 0) + COALESCE(serious_illness_paid, 0) AS insurance,
    COALESCE(medical_assistance, 0) + COALESCE(tilt, 0) AS assistance,
    COALESCE(basic_paid_unsure, serious_illness_paid_unsure) AS remaining_unsure,
    COALESCE(basic_paid_unsure, serious_illness_paid_unsure, medical_assistance_unsure, tilt_unsure) AS self_unsure
  FROM paid
)
SELECT
  setl_id, basic_paid, basic_paid_unsure, serious_illness_paid, serious_illness_paid_unsure, medical_assistance,
  medical_assistance_unsure, tilt, tilt_unsure, other_aid,
  GREATEST(LEAST(scope - taken, total - drugs - other_aid) - insurance + drugs - assistance, 0) AS self_in_scope,
  GREATEST(total - other_aid - insurance - assistance, 0) AS self_total,
  GREATEST(scope - insurance + drugs, 0) AS remaining, remaining_unsure,
  GREATEST(scope - insurance + drugs - assistance, 0) AS after_layers, self_unsure,
  GREATEST(total - insurance, 0) AS total_remaining, GREATEST(total - insurance - assistance, 0) AS total_self
FROM summed
UNION ALL
SELECT
  setl_id, 0, CAST(NULL AS STRING), 0, CAST(NULL AS STRING), 0, CAST(NULL AS STRING), 0, CAST(NULL AS STRING), 0, 0, 0,
  0, CAST(NULL AS STRING), 0, CAST(NULL AS STRING), 0, 0
FROM settlement
WHERE cancelled
