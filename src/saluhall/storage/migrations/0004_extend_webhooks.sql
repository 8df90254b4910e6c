-- Members: accounts that a reseller acts for, each under the reseller's own name for it ------------------------------------------
create table members (
  account_id uuid not null,       -- the reseller
  external_id text not null,
  member_account_id uuid not null,
  created_at timestamptz not null,
  constraint members_pkey primary key (account_id, external_id),
  constraint members_account_key unique (account_id, member_account_id)
);
create index members_of_idx on members (member_account_id);

-- Endpoints: several for an account, of members too; a secret that was replaced signs on for a day ---------------------------------
alter table endpoints
  add column scope text not null default 'self', -- self | members
  add column description text not null default '',
  add column previous_secret bytea,              -- sealed
  add column rotated_at timestamptz,
  alter column url drop not null;                -- null: the secret exists before the address does

-- Deliveries: an event of a member goes to an endpoint of the reseller; what is repeated by hand does not count as a failure -----
alter table deliveries
  add column event_account_id uuid,   -- null: the endpoint's own account
  add column member_external_id text, -- as it was called when the event happened: a repeated delivery says the same
  add column repeated boolean not null default false;
create index deliveries_held_idx on deliveries (account_id, endpoint_id) where state = 'held';
create index deliveries_repeated_idx on deliveries (account_id, endpoint_id) where repeated and due_at is not null;

-- The log of attempts tells by itself what was sent, and can be searched ----------------------------------------------------------
alter table delivery_attempts
  add column event_type text not null default '',
  add column sku text not null default '';
update delivery_attempts a set event_type = e.type, sku = e.sku
  from events e where e.account_id = a.account_id and e.id = a.event_id;
create index delivery_attempts_endpoint_idx on delivery_attempts (account_id, endpoint_id, id);
create index delivery_attempts_type_idx on delivery_attempts (account_id, event_type, id);
create index delivery_attempts_sku_idx on delivery_attempts (account_id, sku, id);
create index delivery_attempts_failed_idx on delivery_attempts (account_id, id) where not success;
create index delivery_attempts_at_idx on delivery_attempts using brin (at) with (autosummarize = on);

-- What is thrown away after a while: one row for each kind ---------------------------------------------------------------------------
create table prunings (
  kind text not null constraint prunings_pkey primary key,
  due_at timestamptz not null,
  claimed_by uuid
);
insert into prunings (kind, due_at) values ('delivery_attempts', now());

-- The feed: events in the order in which their transactions began, shown once no earlier one can still commit (decision 0013) ------
alter table events
  add column era smallint not null default 1,
  add column xid xid8 not null default pg_current_xact_id();
create index events_feed_idx on events (account_id, era, xid, id)
  where type in ('item.created', 'item.images_ready', 'item.sold', 'listing.created', 'listing.ended', 'listing.failed');

-- Transaction ids begin anew where a dump is restored; a new era keeps later events behind earlier ones.
create table eras (
  era smallint not null constraint eras_pkey primary key,
  cluster bigint not null
);
insert into eras (era, cluster) select 1, system_identifier from pg_control_system();
create function begin_era() returns void language plpgsql as $$
declare
  known bigint;
  latest smallint;
  here bigint;
begin
  select era, cluster into latest, known from eras order by era desc limit 1;
  select system_identifier into here from pg_control_system();
  if known <> here then
    insert into eras (era, cluster) values (latest + 1, here);
    execute format('alter table events alter column era set default %s', latest + 1);
  end if;
end
$$;

-- Replays: events that an endpoint wants to hear again, on their way in the order of account and id --------------------------------
create table replays (
  account_id uuid not null,
  id uuid not null,
  endpoint_id uuid not null,
  since timestamptz not null,
  until timestamptz not null,
  event_types text[] not null,
  horizon xid8 not null default pg_snapshot_xmax(pg_current_snapshot()), -- it waits for who was writing when it was asked for
  heard_account_id uuid,          -- where it stands: all up to this event has been queued
  after_id uuid,
  queued bigint not null default 0,
  due_at timestamptz,             -- null: done
  claimed_by uuid,
  created_at timestamptz not null,
  constraint replays_pkey primary key (account_id, id)
);
create index replays_due_idx on replays (due_at) where due_at is not null;
create unique index replays_running_idx on replays (account_id, endpoint_id) where due_at is not null;
