-- When a provider said last that something of a request has changed; null: never. It is looked at often for a while.
alter table provider_request add column named_at timestamptz;

-- What the company's own SSCCs begin with, behind their extension digit; null: it has none of GS1's.
alter table company add column gs1_prefix text check (gs1_prefix ~ '^[0-9]{6,12}$');
