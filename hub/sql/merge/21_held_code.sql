-- 持有编码 The codes of each person's spells; 0 for who holds none, and whose insurance is to be computed.
SELECT person_id, code FROM spell_code
UNION ALL
SELECT person_id, CAST(0 AS BIGINT) FROM uninsured_cost
