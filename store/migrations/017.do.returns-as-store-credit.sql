-- A return can pay out as store credit. What was chosen holds for what of it is not refunded yet.
alter table return_authorization
  add column refund_to text not null default 'original' check (refund_to in ('original', 'store_credit')),
  -- On top of the credit, as the channel's rules said when it was chosen.
  add column bonus_percent integer not null default 0 check (bonus_percent between 0 and 100);
