-- 家庭成员 Who belongs to which household of a source, from when until when; `covered`: its grant reaches the person.
-- Every person a source lists under a household number is a member, one whom the grant does not cover too.
WITH listed AS (
  SELECT
    household_key, person_id, valid_from, valid_until, covered, relation, place, batch_id, line, record_digest
  FROM recipient
  UNION ALL
  SELECT
    household_key, person_id, member_from, gone_from, TRUE, relation, place, batch_id, line, record_digest
  FROM monitored
),
merged AS (
  SELECT
    *,
    MAX(valid_until) OVER (PARTITION BY household_key, person_id, valid_from) AS until,
    BOOL_OR(covered) OVER (PARTITION BY household_key, person_id, valid_from) AS any_covered,
    ROW_NUMBER() OVER (
      PARTITION BY household_key, person_id, valid_from
      ORDER BY covered DESC NULLS LAST, place DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST
    ) AS version
  FROM listed
  WHERE valid_until > valid_from
)
SELECT
  household_key, person_id, valid_from, until AS valid_until, any_covered AS covered, relation,
  batch_id, line, record_digest
FROM merged
WHERE version = 1
