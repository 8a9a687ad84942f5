-- What identifies shoppers is encrypted under a key of each order, and can be erased by destroying the key
-- (docs/personal-data.md, ADR 0053).

-- The keys above those keys, sealed (config/secret-box.ts): one wraps them, one makes the tokens of searches.
create table personal_data_key (
  purpose     text primary key check (purpose in ('wrap', 'token')),
  sealed      text not null,
  created_at  timestamptz not null default now()
);

-- Apart from `orders`, so that the key is one narrow row, and its end is one narrow update.
create table order_person (
  order_id    text primary key references orders,
  -- The order's data key, wrapped; null: it was destroyed, and nothing that was encrypted under it opens again.
  wrapped     bytea,
  -- Of the e-mail address, or else of the channel's id of the customer, or else of the telephone number: orders of one
  -- person have the same. Null: the order names none of them, or was erased.
  mark        bigint,
  -- Of what a search may look for: e-mail address, telephone number, postcodes, each word of the names.
  tokens      bigint[] not null default '{}',
  -- Null: written by a former version and not encrypted yet.
  sealed_at   timestamptz,
  erased_at   timestamptz,
  check ((wrapped is null) = (erased_at is not null))
);
create index order_person_mark on order_person (mark) where mark is not null;
create index order_person_tokens on order_person using gin (tokens);

-- A kept reply, sealed; `response` is null then.
alter table idempotency_key add column sealed text;

-- Orders of former versions are encrypted in the order of their ids, batch by batch; null: all are.
create table personal_data_conversion (
  only_row  boolean primary key default true check (only_row),
  after_id  text
);
insert into personal_data_conversion (after_id) values ('');

-- Every erasure, so that it is done again on a database that a backup brought back.
create table erasure (
  id            text primary key,
  orders        text[] not null,
  requested_by  text not null,
  requested_at  timestamptz not null default now(),
  done_at       timestamptz
);
