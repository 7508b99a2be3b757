-- 就高 Each benefit once, at its highest (pins.md 1, 2, 5), over `priced`: what each rule gives a person in a stretch.
-- An offer is what a region gives for a category: the sum of its rules, which speak of different care.
-- One region pays: of a category's offers, one whose region is where the category is held, else the greatest; one that
-- its region's mode does not offer stands behind one that is offered, for it takes nothing from it. The others are
-- `other_region`. Of the offers then put to the choice, determined ones are compared by annual amount on the
-- person's own costs, then by the region's rank, then by category code. The first wins; its rules are the first places.
-- A rule that is unknown, or only a bound, has no amount and is never counted as 0. It does not win where a determined
-- one is offered, and is not silently outranked: the winner's amount then stands as the least the person is due, and
-- its `remark` names the rule that may give more, unless it cannot (`most`). Where only undetermined rules are offered,
-- the one of highest rank stands, without an amount; `why_not` is said where the reason is not the rule's own.
-- Where every rule is determined and an offer of its own (`simple`), the order by amount is all there is to it.
WITH listed AS (
  SELECT p.*, b.held_there, b.category, b.region, b.rank
  FROM priced AS p
  JOIN ballot AS b ON b.stretch_id = p.stretch_id AND b.rule_id = p.rule_id
  WHERE NOT p.sole AND NOT p.simple
),
summed AS (
  SELECT
    *,
    BOOL_OR(offered) OVER offer AS offer_stands,
    BOOL_OR(determined) OVER offer AS offer_determined,
    CAST(SUM(annual_amount) OVER offer AS BIGINT) AS offer_amount,
    CASE WHEN BOOL_OR(NOT determined AND most IS NULL) OVER offer THEN CAST(NULL AS BIGINT)
      ELSE CAST(SUM(CASE WHEN determined THEN annual_amount ELSE most END) OVER offer AS BIGINT) END AS offer_most
  FROM listed
  WINDOW offer AS (PARTITION BY person_id, stretch_id, category, region)
),
regional AS (
  SELECT
    *,
    FIRST_VALUE(region) OVER (
      PARTITION BY person_id, stretch_id, category
      ORDER BY held_there DESC NULLS LAST, offer_stands DESC NULLS LAST, offer_determined DESC NULLS LAST,
               offer_amount DESC NULLS LAST, region NULLS LAST) = region AS paying_region,
    held_there OR NOT BOOL_OR(held_there) OVER (PARTITION BY person_id, stretch_id, category) AS may_pay
  FROM summed
),
choice AS (
  SELECT *, CASE WHEN offered AND paying_region THEN 1 ELSE 0 END AS competes
  FROM regional
),
placed AS (
  SELECT
    *,
    MAX(competes) OVER (PARTITION BY person_id, stretch_id) AS won,
    ROW_NUMBER() OVER best AS nth,
    FIRST_VALUE(category) OVER best AS best_category,
    FIRST_VALUE(offer_amount) OVER best AS best_amount,
    FIRST_VALUE(rank) OVER best AS best_rank
  FROM choice
  WINDOW best AS (
    PARTITION BY person_id, stretch_id
    ORDER BY competes DESC NULLS LAST, offer_determined DESC NULLS LAST, offer_amount DESC NULLS LAST, rank NULLS LAST,
             category NULLS LAST, region NULLS LAST, determined DESC NULLS LAST, annual_amount DESC NULLS LAST,
             rule_id NULLS LAST)
),
doubted AS (
  SELECT
    p.person_id, p.stretch_id, p.category || ': ' || COALESCE(p.why_not, r.undetermined_reason) AS doubt,
    ROW_NUMBER() OVER (
      PARTITION BY p.person_id, p.stretch_id
      ORDER BY p.rank NULLS LAST, p.category NULLS LAST, p.region NULLS LAST, p.rule_id NULLS LAST) AS nth
  FROM placed AS p
  JOIN rule AS r ON r.rule_id = p.rule_id
  WHERE p.offered AND p.may_pay AND NOT p.determined AND (p.offer_most IS NULL OR p.offer_most > p.best_amount)
),
simple_order AS (
  SELECT
    person_id, stretch_id, rule_id, offered, annual_amount,
    ROW_NUMBER() OVER best AS nth,
    FIRST_VALUE(CASE WHEN offered THEN 1 ELSE 0 END) OVER best AS won,
    FIRST_VALUE(annual_amount) OVER best AS best_amount,
    FIRST_VALUE(rule_id) OVER best AS best_rule
  FROM priced
  WHERE simple AND NOT sole
  WINDOW best AS (
    PARTITION BY person_id, stretch_id
    ORDER BY CASE WHEN offered THEN 1 ELSE 0 END DESC NULLS LAST, annual_amount DESC NULLS LAST, turn NULLS LAST)
),
judged AS (
  SELECT *, won = 1 AND competes = 1 AND category = best_category AS winner FROM placed
)
SELECT
  p.person_id, p.stretch_id, CAST(p.nth + 1 - p.won AS INTEGER) AS place, p.rule_id, p.determined,
  p.annual_amount, p.offer_amount,
  CASE
    WHEN NOT p.determined THEN p.why_not
    WHEN p.nth = 1 AND p.winner THEN COALESCE(d.doubt, p.doubt)
  END AS remark,
  CASE
    WHEN p.winner THEN 'winner'
    WHEN NOT p.paying_region THEN 'other_region'
    WHEN NOT p.offered THEN 'lower_rank'
    WHEN NOT p.offer_determined THEN 'undetermined'
    WHEN p.offer_amount < p.best_amount THEN 'lower_amount'
    WHEN p.rank > p.best_rank THEN 'lower_rank'
    ELSE 'code_order'
  END AS reason
FROM judged AS p
LEFT JOIN doubted AS d ON d.person_id = p.person_id AND d.stretch_id = p.stretch_id AND d.nth = 1
UNION ALL
SELECT
  o.person_id, o.stretch_id, CAST(o.nth + 1 - o.won AS INTEGER), o.rule_id, TRUE, o.annual_amount, o.annual_amount,
  CAST(NULL AS STRING),
  CASE
    WHEN o.nth = 1 AND o.won = 1 THEN 'winner'
    WHEN NOT o.offered THEN 'lower_rank'
    WHEN o.annual_amount < o.best_amount THEN 'lower_amount'
    WHEN b.rank > f.rank THEN 'lower_rank'
    ELSE 'code_order'
  END
FROM simple_order AS o
JOIN ballot AS b ON b.stretch_id = o.stretch_id AND b.rule_id = o.rule_id
JOIN ballot AS f ON f.stretch_id = o.stretch_id AND f.rule_id = o.best_rule
UNION ALL
SELECT
  person_id, stretch_id, 1, rule_id, determined, annual_amount, annual_amount,
  CASE WHEN determined THEN doubt ELSE why_not END, 'winner'
FROM priced
WHERE sole
