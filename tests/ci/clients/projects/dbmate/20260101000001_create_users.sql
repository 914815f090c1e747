-- migrate:up
CREATE TABLE app.users (
  user_id STRING NOT NULL OPTIONS (description = 'Identifies a user; never given out twice.'),
  name STRING,
  joined DATE
)
PARTITION BY joined
CLUSTER BY user_id;

-- migrate:down
DROP TABLE app.users;
