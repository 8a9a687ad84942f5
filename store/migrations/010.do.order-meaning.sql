-- What a line is, who fulfils it, and what the amounts of the whole order mean for it.

alter table order_line
  add column kind text not null default 'goods'
    check (kind in ('goods', 'digital', 'gift_card', 'service', 'tip', 'custom')),
  add column fulfilled_by text not null default 'us' check (fulfilled_by in ('us', 'channel', 'provider')),
  add column fulfilled_elsewhere integer not null default 0 check (fulfilled_elsewhere >= 0),
  -- The line's part of order-level amounts: less where the order has a discount, more where it has duties.
  add column share_minor bigint not null default 0;

alter table order_line drop constraint order_line_check;
alter table order_line drop constraint order_line_check3;
alter table order_line
  add constraint order_line_handed_over check (cancelled + shipped + fulfilled_elsewhere <= ordered),
  add constraint order_line_announced check (return_requested - return_dismissed <= shipped);

-- The document in `orders` is the newest revision; this table keeps the former ones, and who replaced them.
alter table orders add column revision integer not null default 1;

create table order_revision (
  order_id     text not null references orders,
  -- The revision that `document` was.
  revision     integer not null,
  document     jsonb not null,
  -- Of the change that replaced it.
  change_key   text not null,
  changes      jsonb not null,
  changed_by   text not null,
  replaced_at  timestamptz not null default now(),
  primary key (order_id, revision),
  unique (order_id, change_key)
);

-- Who takes the money. `order`: the sender says it, which only our own format can.
alter table channel add column charged_by text not null default 'channel'
  check (charged_by in ('channel', 'merchant', 'order'));
update channel set charged_by = 'order' where kind = 'holdfast';
