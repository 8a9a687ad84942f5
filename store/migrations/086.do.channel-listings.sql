-- What a channel offers for sale, how much of it may be sold, and how much the channel was told last.
create table channel_listing (
  channel_id   text not null references channel_account on delete cascade,
  channel_sku  text not null,
  title        text not null default '',
  gtin         text,
  -- The channel's own ids of it.
  ids          jsonb not null default '{}',
  -- As the channel had it when it was read; null: it does not count it.
  at_channel   integer,
  -- Null: the channel does not offer it any more.
  seen_at      timestamptz default now(),
  -- The figure that the channel is to have; null: nothing is mapped to it, or stock is not told.
  wanted       integer check (wanted >= 0),
  wanted_at    timestamptz,
  -- The figure that it has from us; null: none, or it has counted by itself since.
  told         integer check (told >= 0),
  told_at      timestamptz,
  -- How often the channel has counted by itself: what was under way meanwhile is not what it has.
  counts       integer not null default 0,
  attempts     integer not null default 0,
  due_at       timestamptz not null default now(),
  code         text,
  problem      text,
  primary key (channel_id, channel_sku)
);
create index channel_listing_due on channel_listing (channel_id, due_at)
  where wanted is not null and wanted is distinct from told;

-- How a mapping came about: `person`, `same_sku`, `same_gtin`.
alter table sku_mapping add column made_by text not null default 'person';
create index sku_mapping_sku on sku_mapping (sku);
-- What is mapped otherwise is shown otherwise.
create trigger sku_mapping_set after insert or update or delete on sku_mapping
  for each statement execute function tell_settings();
