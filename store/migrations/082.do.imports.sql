-- Tables that people import: their files, how far each is, and what was wrong with which row.
create table import (
  id          text primary key,
  company_id  text not null references company (id),
  kind        text not null check (kind in ('products', 'stock', 'locations', 'orders', 'customers', 'returns')),
  state       text not null check (state in
                ('uploading', 'ready', 'checking', 'checked', 'running', 'done', 'stopped', 'failed')),
  file_name   text not null,
  -- Of the whole file; null: it is not known yet.
  size        bigint,
  -- That are here.
  bytes       bigint not null default 0,
  -- SHA-256 of the file, once it is here as a whole.
  digest      text,
  -- How the file is read: its columns and what they stand for. Sealed where there is a vault.
  layout      text,
  -- Who had it run, and what they may: permissions that limits go by.
  starter     jsonb,
  created_by  text not null,
  -- Entries of the file that are behind it: what it has counted, and its faults, are of these.
  position    bigint not null default 0,
  report      jsonb not null,
  -- Bytes of the file that were read for it.
  read_bytes  bigint not null default 0,
  -- What was decided about the rows that follow the position, before any of it was done: after a crash the same is
  -- done again.
  decided     jsonb,
  problem     jsonb,
  created_at  timestamptz not null default now(),
  started_at  timestamptz,
  ended_at    timestamptz,
  -- Of the last change of anything.
  changed_at  timestamptz not null default now()
);
create index import_newest on import (created_at desc, id);
create index import_to_do on import (created_at) where state in ('checking', 'running');
create index import_digest on import (digest) where digest is not null;

-- The bytes of the file as they came, sealed where there is a vault.
create table import_part (
  import_id  text not null references import (id) on delete cascade,
  -- From which byte of the file.
  at         bigint not null,
  length     integer not null check (length > 0),
  content    bytea not null,
  primary key (import_id, at)
);

-- What was wrong with a row, in words that quote nothing of it.
create table import_fault (
  import_id    text not null references import (id) on delete cascade,
  number       bigint not null,
  line         bigint not null,
  column_name  text,
  code         text not null,
  -- Sealed where there is a vault: an operation's own words may tell of the shopper.
  expected     text not null,
  primary key (import_id, number)
);

create function tell_imports() returns trigger language plpgsql as $$
begin
  perform pg_notify('imports', '');
  return null;
end $$;
create trigger import_to_do after update of state on import
  for each statement execute function tell_imports();
