-- A partner that takes a report of stock only so often: until then its figures wait, and are not late.
alter table channel_progress add column stock_held_until timestamptz;

-- Orders whose people were erased, and of which a connected channel's own files are still to be rid.
create table channel_order_to_forget (
  channel_id  text not null references channel_account on delete cascade,
  external_id text not null,
  primary key (channel_id, external_id)
);
