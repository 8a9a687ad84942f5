-- Keys that expire, are replaced while the old secret still counts, and say when they were used.

alter table api_key add column expires_at timestamptz;
alter table api_key add column last_used_at timestamptz;
-- The secret before the last rotation, and until when it counts beside the new one.
alter table api_key add column previous_hash bytea;
alter table api_key add column previous_until timestamptz;
alter table api_key add column previous_used_at timestamptz;
alter table api_key add column rotated_at timestamptz;
-- The request that rotated it last: its repeat makes the secret anew that nobody got, and leaves the one before alone.
alter table api_key add column rotation_key text;
