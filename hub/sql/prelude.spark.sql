-- 前置函数 The two places where engines differ in arithmetic: integer division. Spark's DIV truncates toward zero.
-- half_up(amount, bp): amount x bp / 10000, rounded half away from zero, in whole fen; NULL in, NULL out.
-- months_before(day, months): the day so many months earlier; days_between(first, last): how many days later the last
-- is; years_old(birth, day): the age in whole years (周岁). NULL in, NULL out.
-- share_bp(part, whole): part / whole in basis points, rounded down; NULL where whole is 0.
CREATE OR REPLACE TEMPORARY FUNCTION half_up(amount BIGINT, bp BIGINT) RETURNS BIGINT RETURN
  CASE WHEN amount * bp >= 0
       THEN (amount * bp + 5000) DIV 10000
       ELSE -((5000 - amount * bp) DIV 10000) END;
CREATE OR REPLACE TEMPORARY FUNCTION share_bp(part BIGINT, whole BIGINT) RETURNS INTEGER RETURN
  CASE WHEN whole > 0 THEN CAST((part * 10000) DIV whole AS INTEGER) END;
CREATE OR REPLACE TEMPORARY FUNCTION months_before(day DATE, months INTEGER) RETURNS DATE RETURN
  ADD_MONTHS(day, -months);
CREATE OR REPLACE TEMPORARY FUNCTION days_between(first DATE, last DATE) RETURNS BIGINT RETURN
  CAST(DATEDIFF(last, first) AS BIGINT);
CREATE OR REPLACE TEMPORARY FUNCTION years_old(birth DATE, day DATE) RETURNS INTEGER RETURN
  YEAR(day) - YEAR(birth)
  - CASE WHEN MONTH(day) * 100 + DAY(day) < MONTH(birth) * 100 + DAY(birth) THEN 1 ELSE 0 END;
