-- What robots say that they have taken from a shelf: one row a hold, for each attempt at a task. As long as
-- the fulfillment order has it, a load is carried, then packed. What no fulfillment order has is adrift:
-- the stock sets it apart, and a person says what became of it.
create sequence robot_load_number;
create table robot_load (
  id                    text primary key,
  task_id               text not null references floor_task,
  attempt               integer not null check (attempt > 0),
  hold_id               text not null,
  order_id              text not null references orders,
  fulfillment_order_id  text not null references fulfillment_order,
  location_id           text not null references location,
  -- Null: of a tote that was filled before loads were written down.
  device_id             text,
  sku                   text not null references product,
  quantity              integer not null check (quantity > 0),
  -- Of units with serial numbers that the robot has read.
  serials               text[] not null default '{}',
  status                text not null default 'carried'
    check (status in ('carried', 'adrift', 'packed', 'put_back', 'written_off')),
  taken_at              timestamptz not null default now(),
  -- The robot has set the tote down on the conveyor.
  set_down_at           timestamptz,

  cause                 text check (cause in ('cancelled', 'given_away', 'stopped', 'tote_lost')),
  -- Of a lost tote: who missed it.
  lost_at               text,
  adrift_at             timestamptz,
  -- The units are taken from the order's hold, which is about to be given back; else from those that are
  -- free.
  from_hold             boolean not null default false,
  set_apart             boolean not null default false,
  -- Each try to set it apart has a command id of its own, and is known before it is made.
  apart_try             integer not null default 1,
  is_being_set_apart    boolean not null default false,
  -- Why the stock never will.
  not_set_apart         text,

  -- What a person said became of it; from then until `ended_at` the stock is told.
  ending                text check (ending in ('packed', 'put_back', 'written_off')),
  ending_try            integer not null default 1,
  ended_by              text,
  ended_at              timestamptz,

  unique (task_id, attempt, hold_id),
  check ((status = 'carried') = (adrift_at is null) or status = 'packed')
);
create index robot_load_order on robot_load (order_id);
create index robot_load_fulfillment_order on robot_load (fulfillment_order_id);
create index robot_load_carried on robot_load (id) where status = 'carried';
create index robot_load_adrift on robot_load (adrift_at, id) where status = 'adrift';
create index robot_load_newest on robot_load (adrift_at, id) where adrift_at is not null;

-- How whoever packs verifies units without RFID tags; null: they are taken as picked.
alter table product add column packing_check text check (packing_check in ('scan', 'weigh', 'count'));
