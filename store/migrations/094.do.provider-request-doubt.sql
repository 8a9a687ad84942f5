-- Vendors that take a request first and show it later, or take a cancellation and decide on it later.
alter table provider_request
  -- When it was asked for last without an answer that says whether it was taken; null: there is no doubt.
  add column sent_at timestamptz,
  -- When the vendor took the wish to call it off, without having decided; null: there is no such wish.
  add column call_off_sent_at timestamptz;
