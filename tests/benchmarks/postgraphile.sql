-- What PostGraphile shows: the current rows, with the relations that the store keeps to itself.
DROP SCHEMA IF EXISTS api CASCADE;
CREATE SCHEMA api;
CREATE VIEW api.person AS
SELECT person_id, name_masked AS name, sex, birth, ethnic, rural, residence, county, death, id_grade
FROM public.person WHERE pub_until IS NULL;
COMMENT ON VIEW api.person IS E'@primaryKey person_id\n@behavior +connection +filter +filterBy';
COMMENT ON COLUMN api.person.county IS E'@behavior +filterBy +orderBy';
CREATE VIEW api.enrolment AS
SELECT row_id, person_id, insutype, status, region, valid_from FROM public.enrolment WHERE pub_until IS NULL;
COMMENT ON VIEW api.enrolment IS E'@primaryKey row_id\n@foreignKey (person_id) references api.person (person_id)';
CREATE VIEW api.category_spell AS
SELECT row_id, person_id, category, valid_from, valid_until FROM public.category_spell WHERE pub_until IS NULL;
COMMENT ON VIEW api.category_spell IS E'@primaryKey row_id\n@foreignKey (person_id) references api.person (person_id)';
CREATE VIEW api.settlement AS
SELECT row_id, person_id, settled, setl_id, total, medical_assistance_paid, self_in_scope
FROM public.settlement WHERE pub_until IS NULL;
COMMENT ON VIEW api.settlement IS E'@primaryKey row_id\n@foreignKey (person_id) references api.person (person_id)';
CREATE VIEW api.entitlement AS
SELECT row_id, person_id, benefit, category, annual_amount, article FROM public.entitlement WHERE pub_until IS NULL;
COMMENT ON VIEW api.entitlement IS E'@primaryKey row_id\n@foreignKey (person_id) references api.person (person_id)';
CREATE VIEW api.listed AS
SELECT p.county, p.residence AS township, c.category, count(DISTINCT p.person_id) AS persons
FROM public.person p JOIN public.category_spell c ON c.person_id = p.person_id
WHERE p.pub_until IS NULL AND c.pub_until IS NULL GROUP BY 1, 2, 3;
COMMENT ON VIEW api.listed IS E'@primaryKey county,township,category\n@behavior +connection +filter +filterBy';
COMMENT ON COLUMN api.listed.county IS E'@behavior +filterBy';
