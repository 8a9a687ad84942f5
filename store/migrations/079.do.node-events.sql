-- What happens to the processes of the system and to who has which shard, as a feed like that of devices.
create table node_event (
  id       bigint generated always as identity primary key,
  node_id  text not null,
  kind     text not null,
  -- Of `shard_taken`.
  shard    integer,
  detail   text not null,
  at       timestamptz not null default now(),
  tx       xid8 not null default feed_transaction()
);
create index node_event_feed on node_event (tx, id);

-- What was told last of a node; null: nothing yet. Nobody tells twice of the same.
alter table node add column told text;

-- In the transaction that takes the shard: told exactly where it was taken.
create function tell_of_shard() returns trigger language plpgsql as $$
begin
  insert into node_event (node_id, kind, shard, detail)
  values (new.owner, 'shard_taken', new.shard, case when tg_op = 'UPDATE' then old.owner else '' end);
  return null;
end $$;
create trigger shard_taken after insert on shard_lease for each row execute function tell_of_shard();
create trigger shard_moved after update of owner on shard_lease for each row
  when (old.owner is distinct from new.owner) execute function tell_of_shard();
