-- By which of a channel's new orders a person looks first; what is left out holds nothing. {aboveMinor, skus, countries,
-- notes}, see orders/incoming/hold-rules.ts.
alter table channel add column hold_rules jsonb not null default '{}';
