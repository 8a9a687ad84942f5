-- The stock pool that a channel's orders are reserved through; null: what everybody may sell.
alter table channel add column stock_pool text check (length(stock_pool) between 1 and 128);
