-- Where the sagas of this database run. They are told of by the database and remembered by Temporal: if the two part, the
-- database is right, and the sagas are started anew from it.
create table saga_home (
  only_row      boolean primary key default true check (only_row),
  -- Temporal's own id of the namespace, which no other namespace ever has; null: the database was restored from a backup
  -- and no process has worked on it since.
  namespace_id  text,
  -- How often the sagas were started anew.
  run           integer not null default 0,
  since         timestamptz not null default now()
);
