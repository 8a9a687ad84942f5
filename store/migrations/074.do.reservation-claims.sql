-- What is left to tell other engines of an order that was reserved over several of them
-- (engine/fabric/order-over-engines.ts): written in the order's own commit, gone once it is told.
create table reservation_claim (
  -- The reservation and its attempt.
  id          text primary key,
  -- Stock commands, which change nothing when they are repeated.
  commands    jsonb not null,
  written_at  timestamptz not null default now()
) with (fillfactor = 50);

create index reservation_claim_written on reservation_claim (written_at);
