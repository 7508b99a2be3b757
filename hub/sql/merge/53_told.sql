-- 已知保险支付 What insurance is told to have paid of the settlements of those whose insurance is to be computed.
SELECT c.setl_id, c.basic_paid, c.serious_illness_paid
FROM cost AS c
JOIN uninsured_cost AS u ON u.person_id = c.person_id
