-- Settings that people change on a page, and who changed what.

-- Every change of a setting. The number of a subject's last change is its version; before the first it is 1. Of two who
-- change the same version one is refused.
create table setting_change (
  -- `channel:<id>`, `return-rules:<channel>`, `refund-limits`.
  subject     text not null,
  version     integer not null check (version > 1),
  changed_by  text not null,
  at          timestamptz not null default now(),
  -- [{field, from, to}]
  changes     jsonb not null,
  primary key (subject, version)
);
create index setting_change_at on setting_change (at, subject, version);

-- What members of each role may give away; no row: as the process was started with (HOLDFAST_REFUND_LIMITS).
create table refund_limit_setting (
  only_row  boolean primary key default true check (only_row),
  -- [{role, amount, currency}], currency null: the company's.
  limits    jsonb not null
);
