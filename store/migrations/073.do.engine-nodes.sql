-- The processes that share the shards, as each says of itself several times a second. Who has which shard is in
-- shard_lease alone: these rows say only how many each of them should have (engine/nodes/).
create table engine_node (
  -- As `shard_lease.owner` names it: new with each start.
  owner        text primary key,
  -- HOLDFAST_NODE.
  name         text not null,
  seen_at      timestamptz not null,
  -- It gives up what it has, and takes nothing more.
  is_draining  boolean not null
) with (fillfactor = 50);
