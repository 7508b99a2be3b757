-- 倾斜救助 Tilt on what is left after the medical assistance that won: above the line, times the ratio, up to the cap.
-- Where medical assistance is undetermined so is the tilt; where it may be more than what is known (`doubt`), the tilt
-- carries the same doubt. A tilt counted stay by stay waits for the calculation by settlement and is undetermined.
WITH won AS (
  SELECT person_id, seg_from, determined, undetermined_reason, offer_amount AS annual_amount
  FROM ranked_medical_assistance
  WHERE place = 1
),
base AS (
  SELECT
    c.*,
    c.determined AND COALESCE(w.determined, TRUE) AND c.period <> 'stay' AS counted,
    CASE
      WHEN NOT c.determined THEN c.undetermined_reason
      WHEN NOT COALESCE(w.determined, TRUE) THEN 'medical_assistance: ' || w.undetermined_reason
      WHEN c.period = 'stay' THEN '按次计算的倾斜救助尚未计算 a tilt per stay is not computed yet'
    END AS why_not,
    CASE WHEN w.undetermined_reason IS NOT NULL THEN 'medical_assistance: ' || w.undetermined_reason END AS doubt,
    COALESCE(y.scope, 0) AS scope, COALESCE(y.remaining, 0) AS remaining,
    GREATEST(COALESCE(y.remaining, 0) - COALESCE(w.annual_amount, 0), 0) AS unpaid
  FROM contender AS c
  LEFT JOIN year_cost AS y ON y.person_id = c.person_id AND y.settings = c.settings AND y.insutypes = c.insutypes
  LEFT JOIN won AS w ON w.person_id = c.person_id AND w.seg_from = c.seg_from
  WHERE c.benefit = 'tilt'
)
SELECT
  person_id, seg_from, seg_until, benefit, category, region, rule_key, document, article, rank, mode,
  offered, held_there, counted AS determined, why_not AS undetermined_reason,
  CASE WHEN counted THEN
    LEAST(
      half_up(
        GREATEST(
          CASE base WHEN 'scope' THEN scope WHEN 'after_basic_and_serious_illness' THEN remaining ELSE unpaid END
          - threshold, 0),
        ratio),
      cap, unpaid)
  END AS annual_amount,
  unpaid AS most, doubt, batch_id, line, record_digest
FROM base
