-- Accounts at vendors (payment providers, carriers, mail) that people set while the system runs. Those that the
-- environment names are no rows.
create table vendor_account (
  company_id  text not null references company (id),
  -- `payments`, `carriers`, `notifications`, see integrations/vendor-kinds.ts.
  kind        text not null,
  provider    text not null,
  account     text not null,
  name        text not null,
  -- Of the vendor's variables: what is no secret, in clear text.
  settings    jsonb not null default '{}',
  -- The rest, as JSON sealed by config/secret-box.ts; null: it has no secret.
  sealed      text,
  -- The webhook secret before the newest, sealed, and until when it counts.
  former_webhook_secret  text,
  former_until           timestamptz,
  -- New business begins at the first active one of its kind.
  active      boolean not null default true,
  place       integer not null default 0,
  -- Carriers: which service levels are bought, as `UPS Ground`; null: all of them.
  services    text[],
  created_at  timestamptz not null default now(),
  -- The account's name is in addresses and in stored payments and parcels: it means one account in all companies.
  primary key (kind, provider, account)
);

create trigger vendor_account_set after insert or update or delete on vendor_account
  for each statement execute function tell_settings();
