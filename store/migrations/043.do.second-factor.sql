-- The second factor of a sign-in: one-time passwords by time (RFC 6238), and codes for the day when the phone is gone.

create table staff_second_factor (
  staff_id      text primary key references staff on delete cascade,
  secret        bytea not null,
  created_at    timestamptz not null default now(),
  -- Null: not asked for yet, because nobody has shown that the app has the secret.
  confirmed_at  timestamptz,
  -- The time step of the last code that was taken: no code counts twice.
  last_step     bigint not null default 0
);

create table staff_recovery_code (
  staff_id   text not null references staff on delete cascade,
  code_hash  bytea not null,
  used_at    timestamptz,
  primary key (staff_id, code_hash)
);
