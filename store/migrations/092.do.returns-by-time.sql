-- Returns are listed by when they were asked for, from either end.
create index return_authorization_requested on return_authorization (requested_at desc, id desc);
