-- 待算保险支付 Persons of whom some settlement does not say what basic or serious-illness insurance paid: both are
-- computed for them, where a document in force has the rule. In the departments' data there are none.
SELECT DISTINCT person_id FROM cost WHERE basic_paid IS NULL OR serious_illness_paid IS NULL
