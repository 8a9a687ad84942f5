-- Work of which one process at a time does all: its epoch rises with each that takes it over, and a former one
-- is kept from writing by it (store/role-lease.ts).
create table role_lease (
  role           text primary key,
  epoch          integer not null,
  -- `node.id` of the process that has it.
  owner          text not null,
  -- Its connection: where that has ended, the process has, or cannot be reached.
  backend_pid    integer not null,
  backend_start  timestamptz not null,
  -- `-infinity`: it was given up in order.
  renewed_at     timestamptz not null
) with (fillfactor = 50);
