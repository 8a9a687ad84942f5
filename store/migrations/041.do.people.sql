-- People: made, changed, switched off; their passwords, links and sessions. And where a company's days begin.

-- IANA name of the time zone by which the company's days are counted.
alter table company add column time_zone text not null default 'UTC';

-- Null: invited, and has set no password yet.
alter table staff alter column password_hash drop not null;
alter table staff add column password_set_at timestamptz;
-- Whether the password has been held against the one that the sandbox is known to have, and was another.
alter table staff add column password_compared boolean not null default false;
-- Null: may sign in.
alter table staff add column disabled_at timestamptz;
update staff set password_set_at = created_at;

-- By this a person names a session to end it; the token's hash names it to nobody.
alter table staff_session add column id uuid not null default gen_random_uuid() unique;
alter table staff_session add column seen_at timestamptz not null default now();
-- Where it was opened: network address, and what the browser says it is.
alter table staff_session add column address text;
alter table staff_session add column browser text;
create index staff_session_staff on staff_session (staff_id);

-- The one link by which a person may set a password now. A new one takes the place of the last.
create table staff_password_link (
  staff_id    text primary key references staff on delete cascade,
  token_hash  bytea not null unique,
  purpose     text not null check (purpose in ('invitation', 'reset')),
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null
);
