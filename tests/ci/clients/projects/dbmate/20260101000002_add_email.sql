-- migrate:up
ALTER TABLE app.users ADD COLUMN email STRING, ADD COLUMN visits INT64;
INSERT INTO app.users (user_id, name, joined, visits) VALUES ('u1', 'One; two', DATE '2026-01-01', 1), ('u2', NULL, DATE '2026-01-02', 2);
CREATE VIEW app.names AS SELECT user_id, name FROM app.users WHERE name IS NOT NULL;

-- migrate:down
DROP VIEW app.names;
DELETE FROM app.users WHERE true;
ALTER TABLE app.users DROP COLUMN email, DROP COLUMN visits;
