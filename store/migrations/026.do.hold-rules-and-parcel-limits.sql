-- By which of a channel's new orders a person looks first; what is left out holds nothing. {aboveMinor, skus, countries,
-- notes}, see orders/incoming/hold-rules.ts.
alter table channel add column hold_rules jsonb not null default '{}';

-- Grams that one parcel may weigh, beside what carriers take; null: no limit of its own. The smallest counts.
alter table company add column max_parcel_grams integer check (max_parcel_grams between 1 and 1000000);
alter table location add column max_parcel_grams integer check (max_parcel_grams between 1 and 1000000);
