-- Passkeys (WebAuthn): public keys, of which the private ones never leave the person's devices.

-- By which an authenticator tells whose passkey it offers. Random, so that it says nothing of the person.
alter table staff add column passkey_handle bytea unique;

create table staff_passkey (
  id             uuid primary key default gen_random_uuid(),
  staff_id       text not null references staff on delete cascade,
  credential_id  bytea not null unique,
  name           text not null,
  -- COSE.
  public_key     bytea not null,
  -- What the authenticator said last; 0: it does not count.
  sign_count     bigint not null,
  transports     text[] not null,
  synced         boolean not null,
  created_at     timestamptz not null default now(),
  last_used_at   timestamptz
);
create index staff_passkey_owner on staff_passkey (staff_id);

-- What a browser was asked to sign. Each is answered once, by the browser, or in the session, that it was given to.
create table passkey_challenge (
  challenge_hash  bytea primary key,
  session_id      uuid references staff_session (id) on delete cascade,
  browser_hash    bytea,
  expires_at      timestamptz not null,
  check ((session_id is null) <> (browser_hash is null))
);
create index passkey_challenge_session on passkey_challenge (session_id);
