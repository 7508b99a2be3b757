-- 前置函数 The two places where engines differ in arithmetic: integer division. DuckDB's `//` truncates toward zero.
-- half_up(amount, bp): amount x bp / 10000, rounded half away from zero, in whole fen; NULL in, NULL out.
-- months_before(day, months): the day so many months earlier; days_between(first, last): how many days later the last
-- is; years_old(birth, day): the age in whole years (周岁). NULL in, NULL out.
-- share_bp(part, whole): part / whole in basis points, rounded down; NULL where whole is 0.
CREATE OR REPLACE MACRO half_up(amount, bp) AS
  CASE WHEN CAST(amount AS BIGINT) * CAST(bp AS BIGINT) >= 0
       THEN (CAST(amount AS BIGINT) * CAST(bp AS BIGINT) + 5000) // 10000
       ELSE -((5000 - CAST(amount AS BIGINT) * CAST(bp AS BIGINT)) // 10000) END;
CREATE OR REPLACE MACRO share_bp(part, whole) AS
  CASE WHEN whole > 0 THEN CAST((CAST(part AS BIGINT) * 10000) // CAST(whole AS BIGINT) AS INTEGER) END;
CREATE OR REPLACE MACRO months_before(day, months) AS
  CAST(day - to_months(CAST(months AS INTEGER)) AS DATE);
CREATE OR REPLACE MACRO days_between(first, last) AS
  CAST(last - first AS BIGINT);
CREATE OR REPLACE MACRO years_old(birth, day) AS
  CAST(YEAR(day) - YEAR(birth)
       - CASE WHEN MONTH(day) * 100 + DAY(day) < MONTH(birth) * 100 + DAY(birth) THEN 1 ELSE 0 END AS INTEGER);
