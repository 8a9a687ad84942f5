-- A link that anybody may ask for by an e-mail address does not replace one that an administrator made.
alter table staff_password_link add column asked_by_owner boolean not null default false;
