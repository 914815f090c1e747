-- migrate:up transaction:false
ALTER TABLE app.users ALTER COLUMN visits SET DATA TYPE NUMERIC;
ALTER TABLE app.users ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE app.users RENAME COLUMN visits TO visited;

-- migrate:down transaction:false
ALTER TABLE app.users RENAME COLUMN visited TO visits;
