-- Of the members of a role more than a password may be demanded.

alter table role add column second_factor_demanded boolean not null default false;
