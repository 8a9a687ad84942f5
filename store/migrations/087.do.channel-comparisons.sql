-- A channel's books held against ours, and what differed.
create table channel_comparison (
  id          bigint generated always as identity primary key,
  channel_id  text not null references channel_account on delete cascade,
  since       timestamptz not null,
  asked_by    text not null,
  asked_at    timestamptz not null default now(),
  began_at    timestamptz,
  ended_at    timestamptz,
  orders      integer not null default 0,
  listings    integer not null default 0,
  problem     text
);
create index channel_comparison_channel on channel_comparison (channel_id, id desc);

create table channel_difference (
  id           bigint generated always as identity primary key,
  channel_id   text not null references channel_account on delete cascade,
  -- Found first by.
  comparison_id bigint not null references channel_comparison on delete cascade,
  kind         text not null check (kind in ('order', 'shipment', 'cancellation', 'money', 'stock')),
  -- The order's id at the channel, or the listing's SKU; and the line there, where it is about one.
  subject      text not null,
  line         text not null default '',
  order_id     text,
  ours         text not null,
  theirs       text not null,
  cause        text not null check (cause in ('late', 'edited_at_channel', 'refused', 'not_told', 'drift')),
  -- `repairing`: it is read or told once more, and the next comparison says whether that was enough.
  state        text not null check (state in ('repairing', 'raised', 'repaired', 'accepted')),
  found_at     timestamptz not null default now(),
  seen_at      timestamptz not null default now(),
  settled_at   timestamptz,
  settled_by   text,
  reason       text
);
create unique index channel_difference_open on channel_difference (channel_id, kind, subject, line)
  where state in ('repairing', 'raised');
create index channel_difference_channel on channel_difference (channel_id, id desc);
