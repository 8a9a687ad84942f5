-- Units of each SKU that a channel is not told of: what is sold elsewhere while it does not know yet.
alter table channel add column stock_buffer integer not null default 0
  check (stock_buffer between 0 and 1000000000);
