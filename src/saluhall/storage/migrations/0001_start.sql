-- Identifiers that sort by time: 48 bits of milliseconds, then random bits (the ULID layout in a uuid).
create function new_ulid() returns uuid language sql volatile parallel safe as $$
  select encode(
    substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
    || substring(uuid_send(gen_random_uuid()) from 7), 'hex')::uuid
$$;

-- Accounts, people, keys ---------------------------------------------------------------------------------------------
create table accounts (
  account_id uuid not null constraint accounts_pkey primary key,
  name text not null constraint accounts_name_key unique,
  created_at timestamptz not null
);

create table users (
  account_id uuid not null,
  id uuid not null,
  username text not null constraint users_username_key unique,
  password_hash text not null,
  created_at timestamptz not null,
  constraint users_pkey primary key (account_id, id)
);

create table api_keys (
  account_id uuid not null,
  id uuid not null,
  key_hash bytea not null constraint api_keys_key_hash_key unique,
  prefix text not null,
  name text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_pkey primary key (account_id, id)
);

-- One row per key and tier; `full_at` is when the bucket would be full again (generic cell rate algorithm).
create unlogged table rate_buckets (
  account_id uuid not null,
  key_id uuid not null,
  tier text not null,
  full_at timestamptz not null,
  allowed boolean not null,
  constraint rate_buckets_pkey primary key (account_id, key_id, tier)
) with (fillfactor = 50);

-- Catalogs and products ----------------------------------------------------------------------------------------------
create table catalogs (
  account_id uuid not null,
  id uuid not null,
  code text not null,
  name text not null,
  created_at timestamptz not null,
  constraint catalogs_pkey primary key (account_id, id),
  constraint catalogs_code_key unique (account_id, code)
);

create table products (
  account_id uuid not null,
  catalog_id uuid not null,
  sku text not null,
  id uuid not null,
  kind text not null,
  parent_sku text,
  status text not null,
  title text not null,
  description text,
  price numeric not null,
  currency text not null,
  shipping_cost numeric,
  shipping_strategy text not null,
  weight_kg numeric,
  image_urls text[] not null,
  domain jsonb,
  schema_version text not null,
  metadata json,
  auto_publish boolean not null,
  ai_enhancement boolean not null,
  enhanced_title text,
  enhanced_description text,
  enhance_due_at timestamptz,
  enhance_claimed_by uuid,
  delete_wanted boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint products_pkey primary key (account_id, catalog_id, sku),
  constraint products_id_key unique (id, account_id) -- the id first: nobody looks a whole account up by it
);
create index products_enhance_due_idx on products (account_id, enhance_due_at) where enhance_due_at is not null;
create index products_parent_idx on products (account_id, catalog_id, parent_sku) where parent_sku is not null;

-- Pictures: one row per product and source address; the order is that of products.image_urls -------------------------------
create table images (
  account_id uuid not null,
  product_id uuid not null,
  source_url text not null,
  state text not null,            -- due | ready | refused
  reason text,
  stored_key text,
  media_type text,
  width integer,
  height integer,
  bytes integer,
  attempts integer not null default 0,
  due_at timestamptz,
  claimed_by uuid,
  updated_at timestamptz not null,
  constraint images_pkey primary key (account_id, product_id, source_url)
);
create index images_due_idx on images (account_id, due_at) where due_at is not null;

-- Connections and listings -------------------------------------------------------------------------------------------
create table connections (
  account_id uuid not null,
  id uuid not null,
  channel text not null,
  user_id text not null,
  token bytea not null,           -- sealed
  expires_at timestamptz,
  options jsonb not null default '{}',
  state text not null,            -- connected | disconnected
  reason text,
  cursor text,
  poll_due_at timestamptz,
  poll_claimed_by uuid,
  polled_at timestamptz,
  created_at timestamptz not null,
  constraint connections_pkey primary key (account_id, id),
  constraint connections_login_key unique (account_id, channel, user_id)
);
create index connections_poll_due_idx on connections (poll_due_at) where poll_due_at is not null;

create table listings (
  account_id uuid not null,
  id uuid not null,
  product_id uuid not null,
  connection_id uuid,             -- null: the account had no connection yet
  desired text not null,          -- live | ended
  revision integer not null default 1,
  state text not null,            -- waiting | submitted | live | sold | ended | refused
  confirmed_price numeric,
  refused_price numeric,
  external_id text,
  url text,
  ends_at timestamptz,
  live_since timestamptz,
  progress jsonb,
  attempts integer not null default 0,
  error text,
  told text,                      -- the last failure that was told to the seller
  parked boolean not null default false,
  priority smallint not null default 3,
  due_at timestamptz,
  claimed_by uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint listings_pkey primary key (account_id, id),
  constraint listings_product_key unique nulls not distinct (account_id, product_id, connection_id)
);
create index listings_due_idx on listings (account_id, connection_id, priority, due_at) where due_at is not null;
create index listings_external_idx on listings (account_id, connection_id, external_id) where external_id is not null;
create index listings_live_idx on listings (account_id, connection_id) where state = 'live';

-- Calls made to a channel, by minute: the budget counts the last 24 hours ------------------------------------------------
create table channel_budgets (
  channel text not null constraint channel_budgets_pkey primary key,
  blocked_until timestamptz,
  blocks integer not null default 0
);
create table channel_calls (
  channel text not null,
  minute timestamptz not null,
  calls integer not null,
  constraint channel_calls_pkey primary key (channel, minute)
);

-- Count calls about to be made, exactly over all workers: each, in the order given, is allowed when it leaves as many as its purpose
-- must leave, and `needs` are there. One round trip; the row of the channel is locked until the transaction ends.
create function spend_calls(of_channel text, calls_per_day integer, leaves integer[], needs integer[], at timestamptz)
returns table (allowed boolean[], used integer, blocked_until timestamptz, blocks integer, frees_at timestamptz)
language plpgsql as $$
declare
  before integer;
begin
  insert into channel_budgets as b (channel) values (of_channel) on conflict do nothing;
  select b.blocked_until, b.blocks into blocked_until, blocks
    from channel_budgets b where b.channel = of_channel for update;
  select coalesce(sum(c.calls), 0), min(c.minute) + interval '24 hours 1 minute' into used, frees_at
    from channel_calls c where c.channel = of_channel and c.minute > at - interval '24 hours 1 minute';
  before := used;
  for i in 1 .. cardinality(leaves) loop
    allowed[i] := (blocked_until is null or blocked_until <= at)
                  and calls_per_day - used - leaves[i] >= needs[i];
    used := used + allowed[i]::integer;
  end loop;
  if used > before then
    insert into channel_calls as c (channel, minute, calls)
    values (of_channel, date_trunc('minute', at), used - before)
    on conflict (channel, minute) do update set calls = c.calls + excluded.calls;
    delete from channel_calls c where c.channel = of_channel and c.minute < at - interval '25 hours';
  end if;
  return next;
end $$;

-- Events, endpoints, deliveries ------------------------------------------------------------------------------------------
create table events (
  account_id uuid not null,
  id uuid not null,
  type text not null,
  at timestamptz not null,
  product_id uuid not null,
  sku text not null,
  data jsonb not null,
  constraint events_pkey primary key (account_id, id)
);
create index events_product_idx on events (account_id, product_id, id);

create table endpoints (
  account_id uuid not null,
  id uuid not null,
  url text not null,
  secret bytea not null,          -- sealed
  event_types text[] not null,    -- empty: all that are delivered
  active boolean not null default true,
  fail_count integer not null default 0,
  main boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint endpoints_pkey primary key (account_id, id)
);
create unique index endpoints_main_idx on endpoints (account_id) where main;

create table deliveries (
  account_id uuid not null,
  id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null,
  state text not null,            -- due | delivered | exhausted | held (its endpoint is switched off)
  attempts integer not null default 0,
  due_at timestamptz,
  claimed_by uuid,
  constraint deliveries_pkey primary key (account_id, id)
);
create index deliveries_due_idx on deliveries (account_id, endpoint_id, due_at) where due_at is not null;

create table delivery_attempts (
  account_id uuid not null,
  id uuid not null,
  delivery_id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null,
  success boolean not null,
  http_status integer,
  error text,
  at timestamptz not null,
  constraint delivery_attempts_pkey primary key (account_id, id)
);

-- Workers show that they live; what a dead one had claimed is released -----------------------------------------------------
create table workers (
  id uuid not null constraint workers_pkey primary key,
  beat_at timestamptz not null
);
