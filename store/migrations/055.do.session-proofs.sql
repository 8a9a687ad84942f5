-- When the owner of a session last proved who they are: by signing in, or again before a risky act.

alter table staff_session add column proved_at timestamptz;
update staff_session set proved_at = created_at;
alter table staff_session alter column proved_at set not null;
alter table staff_session alter column proved_at set default now();

-- A proof gives the session a new token. The one before counts on for a moment, for requests that are under way.
alter table staff_session add column former_hash bytea;
alter table staff_session add column former_until timestamptz;
create index staff_session_former on staff_session (former_hash) where former_hash is not null;
