-- The rules by which orders are sourced, as people write them: every version that ever counted. The newest counts.
create table sourcing_rules (
  version  integer primary key check (version >= 1),
  -- [{rule, reason, …} | {reason, weighted}], see config/sourcing-rules.ts.
  rules    jsonb not null,
  -- `standard`: nobody has set any. `file`: what the first start found in its file.
  set_by   text not null,
  set_at   timestamptz not null default now()
);

insert into sourcing_rules (version, rules, set_by) values (1, '[
  {"rule": "fewest_parcels",
   "reason": "A second parcel costs more than any longer way, and shoppers dislike two deliveries."},
  {"rule": "priority",
   "reason": "Fulfillment centers before stores, stores before suppliers: the order in which picking is cheap."},
  {"rule": "border", "reason": "Customs costs days and papers."},
  {"rule": "distance", "reason": "Among equals the shorter way is the faster and the cheaper one."}
]', 'standard');

create trigger sourcing_rules_set after insert or update or delete on sourcing_rules
  for each statement execute function tell_settings();
