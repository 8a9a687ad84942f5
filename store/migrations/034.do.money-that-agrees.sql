-- An order ends once its money agrees: what a dispute took, and what is on the channel's list, count once.

-- refunded: it is over because the money went back by a refund, which counts as one.
alter table payment_dispute drop constraint payment_dispute_status_check;
alter table payment_dispute add constraint payment_dispute_status_check
  check (status in ('open', 'won', 'lost', 'refunded'));

-- dispute_lost: the bank has taken back what the customer owes for goods that were handed over.
alter table refund drop constraint refund_reason_check;
alter table refund add constraint refund_reason_check check (reason in ('return', 'appeasement', 'goodwill', 'claim',
  'exchange_difference', 'cancellation', 'overpayment', 'at_provider', 'dispute_lost'));

-- What the document of the next revision no longer counts because it was cancelled here before, and is on the
-- channel's list already, in ISO 4217 minor units.
alter table order_revision add column absorbed_minor bigint not null default 0 check (absorbed_minor >= 0);
