-- Signing in by an identity provider (OpenID Connect).

-- A browser that was sent to the provider. Each is finished once, by the same browser.
create table single_sign_on_attempt (
  state_hash    bytea primary key,
  browser_hash  bytea not null,
  -- In which a session is proved again; null: somebody signs in.
  session_id    uuid references staff_session (id) on delete cascade,
  -- What the provider's answer is checked with, sealed.
  checks        text not null,
  expires_at    timestamptz not null
);
create index single_sign_on_attempt_session on single_sign_on_attempt (session_id);

-- Which account of a provider a person signs in with, from the first time on: an address may be given to another person there.
create table staff_identity (
  staff_id   text not null references staff on delete cascade,
  issuer     text not null,
  subject    text not null,
  linked_at  timestamptz not null default now(),
  primary key (staff_id, issuer),
  unique (issuer, subject)
);

-- How it was opened; null: by a version that did not note it.
alter table staff_session add column opened_by text check (opened_by in ('password', 'passkey', 'single-sign-on'));
