-- 倾斜救助 Tilt on what is left after the medical assistance that won: above the line, times the ratio, up to the cap.
-- Where medical assistance is undetermined so is the tilt; where it may be more than what is known (`doubt`), the tilt
-- carries the same doubt. A tilt counted stay by stay waits for the calculation by settlement and is undetermined.
WITH won AS (
  SELECT
    m.person_id, m.seg_from, m.determined, m.offer_amount,
    'medical_assistance: ' || COALESCE(m.remark, CASE WHEN NOT m.determined THEN r.undetermined_reason END) AS remark
  FROM ranked_medical_assistance AS m
  JOIN rule AS r ON r.rule_id = m.rule_id
  WHERE m.place = 1
),
based AS (
  SELECT
    c.*, r.threshold, r.ratio, r.cap, r.base,
    c.determined AND COALESCE(w.determined, TRUE) AND r.period <> 'stay' AS counted,
    CASE
      WHEN NOT c.determined THEN CAST(NULL AS STRING)
      WHEN NOT COALESCE(w.determined, TRUE) THEN w.remark
      WHEN r.period = 'stay' THEN '按次计算的倾斜救助尚未计算 a tilt per stay is not computed yet'
    END AS why_not,
    w.remark AS doubt,
    COALESCE(y.scope, 0) AS scope, COALESCE(y.remaining, 0) AS remaining,
    GREATEST(COALESCE(y.remaining, 0) - COALESCE(w.offer_amount, 0), 0) AS unpaid
  FROM contender AS c
  JOIN rule AS r ON r.rule_id = c.rule_id
  LEFT JOIN year_cost AS y ON y.person_id = c.person_id AND y.settings = r.settings AND y.insutypes = r.insutypes
  LEFT JOIN won AS w ON w.person_id = c.person_id AND w.seg_from = c.seg_from
  WHERE c.benefit = 'tilt'
)
SELECT
  person_id, seg_from, seg_until, rule_id, category, region, rank, offered, held_there, counted AS determined,
  CASE WHEN counted THEN
    LEAST(
      half_up(
        GREATEST(
          CASE base WHEN 'scope' THEN scope WHEN 'after_basic_and_serious_illness' THEN remaining ELSE unpaid END
          - threshold, 0),
        ratio),
      cap, unpaid)
  END AS annual_amount,
  unpaid AS most, why_not, doubt, batch_id, line
FROM based
