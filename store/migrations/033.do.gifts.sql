-- What somebody gave away of their own decision other than by a refund or store credit: it counts for the limit of
-- their role like those. One row a decision; the key names it.
create table order_gift (
  key           text primary key,
  order_id      text not null references orders,
  -- price: a lower price of the order. exchange: goods below the catalog's price. claim: more than they were worth.
  kind          text not null check (kind in ('price', 'exchange', 'claim')),
  amount_minor  bigint not null check (amount_minor > 0),
  currency      text not null,
  giver_role    text not null,
  given_by      text not null,
  given_at      timestamptz not null default now()
);
create index order_gift_order on order_gift (order_id);
