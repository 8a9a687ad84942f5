-- A stored reply is repeated as it was sent. jsonb refuses some JSON that a reply may hold (an escaped NUL, half a surrogate
-- pair) and puts fields in an order of its own; json keeps the text.
alter table idempotency_key alter column response type json;
