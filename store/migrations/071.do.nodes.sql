-- The processes of this system. Each tells every few seconds that it is there and how it is, so that any of them can show all.
create table node (
  -- New with each start; where the process has shards, as `shard_lease.owner` names it.
  id          text primary key,
  name        text not null,
  version     text not null,
  roles       text[] not null,
  -- See `store/figures/nodes.ts`.
  state       jsonb not null,
  started_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now(),
  -- It ended in order; null: it runs, or died.
  stopped_at  timestamptz
) with (fillfactor = 50);
