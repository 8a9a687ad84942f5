-- Feeds are ordered by the numbers of transactions (ADR 0008). A server that a backup is restored to begins at small numbers,
-- and everything that happens there must come after what has happened before. So a restore sets what is added to them.
create function feed_offset() returns bigint language sql immutable parallel safe as 'select 0::bigint';

create function feed_transaction() returns xid8 language sql volatile as
  $$ select (pg_current_xact_id()::text::bigint + feed_offset())::text::xid8 $$;

-- Every transaction before it has ended.
create function feed_horizon() returns xid8 language sql stable as
  $$ select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + feed_offset())::text::xid8 $$;

alter table order_event alter column tx set default feed_transaction();
alter table device_event alter column tx set default feed_transaction();
