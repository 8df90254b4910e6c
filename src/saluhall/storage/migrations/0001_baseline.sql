-- The whole schema, by area. The first column of a row that belongs to an account is account_id, and each of its unique keys has it.
-- What is unique over all accounts is the key of a directory: a table that maps it to the account and the row (decision 0032).

-- Identifiers sort by time: 48 bits of milliseconds, then random bits (the ULID layout in a uuid).
create function new_ulid() returns uuid language sql volatile parallel safe as $$
  select encode(
    substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
    || substring(uuid_send(gen_random_uuid()) from 7), 'hex')::uuid
$$;

-- Accounts, users, keys ----------------------------------------------------------------------------------------------
-- Some partners' clients know accounts, users, catalogs, products and orders by whole numbers below 2^31: `number`, and an order's id.
create table accounts (
  account_id uuid not null constraint accounts_pkey primary key,
  number integer generated always as identity,
  name text not null,             -- unique by its directory
  time_zone text not null default 'Europe/Stockholm',
  has_chosen_zone boolean not null default false, -- filters of orders count days in UTC until the account chooses a zone
  currency text,                                  -- in which its figures are shown; null: none was chosen
  suspended_at timestamptz,                       -- the operator refuses its requests; nothing is deleted
  created_at timestamptz not null
);

-- How many of the account's currency one of another is worth.
create table exchange_rates (
  account_id uuid not null,
  currency text not null,
  rate numeric not null,
  changed_at timestamptz not null,
  constraint exchange_rates_pkey primary key (account_id, currency)
);

create table account_directory (
  name text not null constraint account_directory_pkey primary key,
  account_id uuid not null
);

create table users (
  account_id uuid not null,
  id uuid not null,
  number integer generated always as identity,
  username text not null,         -- unique by its directory
  password_hash text not null,
  role text not null default 'owner', -- owner | manager | packer | viewer | integrator
  external_subject text,          -- of the tokens of an external issuer; unique by its directory
  created_at timestamptz not null,
  constraint users_pkey primary key (account_id, id)
);

create table user_directory (
  username text not null constraint user_directory_pkey primary key,
  account_id uuid not null,
  user_id uuid not null
);

create table subject_directory (
  external_subject text not null constraint subject_directory_pkey primary key,
  account_id uuid not null,
  user_id uuid not null
);

create table api_keys (
  account_id uuid not null,
  id uuid not null,
  key_hash bytea not null,        -- unique by its directory
  prefix text not null,
  name text not null,
  scope text not null default 'owner', -- a role: the key may do what its users may
  created_at timestamptz not null,
  last_used_at timestamptz,
  expires_at timestamptz,         -- null: it does not expire
  revoked_at timestamptz,
  constraint api_keys_pkey primary key (account_id, id)
);

-- Keys of the older API generation are part of the URL; only their hash is stored.
create table legacy_keys (
  account_id uuid not null,
  id uuid not null,
  key_hash bytea not null,        -- unique by its directory
  created_at timestamptz not null,
  revoked_at timestamptz,
  constraint legacy_keys_pkey primary key (account_id, id)
);

-- Of both kinds of keys.
create table key_directory (
  key_hash bytea not null constraint key_directory_pkey primary key,
  account_id uuid not null,
  key_id uuid not null
);

-- One row per key and tier; `full_at` is when the bucket is full again (generic cell rate algorithm).
create unlogged table rate_buckets (
  account_id uuid not null,
  key_id uuid not null,
  tier text not null,
  full_at timestamptz not null,
  turn_at timestamptz,            -- when the last refused request may return; the next one gets a time one step later
  allowed boolean not null,
  constraint rate_buckets_pkey primary key (account_id, key_id, tier)
) with (fillfactor = 50);

-- Requests with an Idempotency-Key: the hash of the request, and the response, encrypted.
create table requests (
  account_id uuid not null,
  key text not null,
  asked bytea not null,
  answer bytea,                   -- null: the request is still being served
  answered_at timestamptz not null,
  constraint requests_pkey primary key (account_id, key)
);
create index requests_answered_idx on requests (account_id, answered_at);

-- Sessions -----------------------------------------------------------------------------------------------------------
-- A token is never stored: this row says what it may still do.
create table sessions (
  account_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  access_jti uuid,                  -- the only access token that is valid
  access_expires_at timestamptz,
  refresh_jti uuid not null,
  refresh_expires_at timestamptz not null,
  address text not null default '', -- where the user signed in: failed sign-ins from other addresses do not block this one
  created_at timestamptz not null,
  constraint sessions_pkey primary key (account_id, id)
);
create index sessions_refresh_expires_idx on sessions (account_id, refresh_expires_at);
create index sessions_home_idx on sessions (account_id, user_id, address);

-- Failed sign-ins slow down their user name and their address for a while.
create unlogged table sign_in_failures (
  subject text not null constraint sign_in_failures_pkey primary key,
  failures integer not null,
  failed_at timestamptz not null
);
create index sign_in_failures_failed_idx on sign_in_failures (failed_at);

-- Members ------------------------------------------------------------------------------------------------------------
-- Accounts that may act for others.
create table acting_accounts (
  account_id uuid not null constraint acting_accounts_pkey primary key,
  since timestamptz not null
);

-- The accounts that one acts for, each under its own name for it.
create table members (
  account_id uuid not null,       -- the one that acts
  external_id text not null,
  member_account_id uuid not null,
  created_at timestamptz not null,
  constraint members_pkey primary key (account_id, external_id),
  constraint members_account_key unique (account_id, member_account_id)
);
create index members_of_idx on members (member_account_id);

-- Catalogs and products ----------------------------------------------------------------------------------------------
create table catalogs (
  account_id uuid not null,
  id uuid not null,
  number integer generated always as identity,
  code text not null,
  name text not null,
  type text not null default 'data_entry', -- data_entry | supplier | custom | marketplace
  created_at timestamptz not null,
  constraint catalogs_pkey primary key (account_id, id),
  constraint catalogs_code_key unique (account_id, code)
);
create unique index catalogs_number_idx on catalogs (account_id, number);

-- The time of a change is taken after the transaction has its id. So a reader of changes knows the time before which no change can appear
-- any more. For one product it never decreases.
create function change_instant() returns timestamptz language sql volatile as $$
  select case when pg_current_xact_id() is not null then clock_timestamp() end
$$;

create function move_change() returns trigger language plpgsql as $$
begin
  new.changed_at := greatest(change_instant(), old.changed_at + interval '1 microsecond');
  return new;
end
$$;

create table products (
  account_id uuid not null,
  catalog_id uuid not null,
  sku text not null,
  id uuid not null,
  number integer generated always as identity,
  kind text not null default 'item',             -- item | container
  parent_sku text,
  status text not null,           -- draft | active | sold | not_listed | archived
  delete_wanted boolean not null default false,
  title text not null default '',
  subtitle text not null default '',
  description text,
  price numeric not null default 0,
  price2 numeric not null default 0,        -- price lists 2 to 6; price is the first one
  price3 numeric not null default 0,
  price4 numeric not null default 0,
  price5 numeric not null default 0,
  price6 numeric not null default 0,
  cost numeric not null default 0,
  currency text not null,
  vat_percent numeric not null default 0,
  shipping_cost numeric,          -- null: not known
  shipping_cost2 numeric not null default 0,
  shipping_cost3 numeric not null default 0,
  shipping_cost4 numeric not null default 0,
  shipping_cost5 numeric not null default 0,
  shipping_cost6 numeric not null default 0,
  shipping_strategy text not null default 'integrated',
  weight numeric,
  weight_unit text not null default 'kg',      -- kg | g | lb | oz
  weight_kg numeric generated always as (weight * case weight_unit when 'g' then 0.001 when 'lb' then 0.45359237
                                                                   when 'oz' then 0.028349523125 else 1 end) stored,
  quantity integer not null default 1,
  condition text not null default '',        -- new | used | ..., '' when it is not known
  condition_text text not null default '',
  brand text not null default '',
  ean text not null default '',
  isbn text not null default '',
  mpn text not null default '',
  asin text not null default '',
  category text not null default '',         -- a key of a taxonomy; category1 to 3 are the seller's own, level by level
  category1 text not null default '',
  category2 text not null default '',
  category3 text not null default '',
  channel_categories jsonb,       -- a channel's category by the number of a connection
  attributes jsonb,               -- neutral names and values
  delivery_days integer not null default 0,
  image_urls text[] not null,
  tags text[] not null default '{}',
  locked_fields text[] not null default '{}',
  auto_publish boolean not null default false,
  ai_enhancement boolean not null default false,
  extras jsonb not null default '{}',          -- what only one partner knows, under its own name, as it was given
  content_revision integer not null default 1, -- grows when what a channel shows or checks changes
  enhanced_title text,
  enhanced_description text,
  enhance_due_at timestamptz,
  enhance_claimed_by uuid,
  enhance_claim_number integer not null default 0, -- each claim has the next number: only the newest may write (decision 0025)
  created_at timestamptz not null,
  updated_at timestamptz not null,
  changed_at timestamptz not null default change_instant(), -- its place in the list of changes
  constraint products_pkey primary key (id, account_id) -- the id first: no statement reads a whole account by this key
);
-- A deleted product frees its SKU at once, while its listings are still being ended.
create unique index products_sku_key on products (account_id, catalog_id, sku) where not delete_wanted;
create index products_parent_idx on products (account_id, catalog_id, parent_sku) where parent_sku is not null;
create index products_changed_idx on products (account_id, catalog_id, changed_at, id) where not delete_wanted;
create index products_status_idx on products (account_id, catalog_id, status, changed_at, id) where not delete_wanted;
create index products_enhance_due_idx on products (account_id, enhance_due_at) where enhance_due_at is not null;
create index products_codes_idx on products using gin ((attributes -> 'catalog_codes') jsonb_path_ops)
  where attributes -> 'catalog_codes' is not null;
create trigger products_change before update of updated_at on products
  for each row when (new.changed_at = old.changed_at) execute function move_change(); -- a statement may have moved it itself

-- How many products a catalog has in each status: triggers count, because counting a million rows takes too long. An account has a few rows
-- for each catalog and kind; their sum counts. A writer takes a row that nobody else has locked, or makes one: writers never wait for each other.
create table product_counts (
  account_id uuid not null,
  catalog_id uuid not null,
  kind text not null,             -- item | container
  slot uuid not null,
  draft bigint not null,
  active bigint not null,
  sold bigint not null,
  not_listed bigint not null,
  archived bigint not null,
  constraint product_counts_pkey primary key (account_id, catalog_id, kind, slot)
) with (fillfactor = 50);

create function add_to_product_counts(
  owner uuid, of_catalog uuid, of_kind text,
  drafts bigint, actives bigint, solds bigint, unlisted bigint, archives bigint
) returns void language plpgsql as $$
begin
  update product_counts c
     set draft = c.draft + drafts, active = c.active + actives, sold = c.sold + solds,
         not_listed = c.not_listed + unlisted, archived = c.archived + archives
   where c.account_id = owner and c.catalog_id = of_catalog and c.kind = of_kind
     and c.slot = (select f.slot from product_counts f
                    where f.account_id = owner and f.catalog_id = of_catalog and f.kind = of_kind
                    limit 1 for update skip locked);
  if not found then
    insert into product_counts (account_id, catalog_id, kind, slot, draft, active, sold, not_listed, archived)
    values (owner, of_catalog, of_kind, gen_random_uuid(), drafts, actives, solds, unlisted, archives);
  end if;
end $$;

create function count_products() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform add_to_product_counts(
      account_id, catalog_id, kind,
      count(*) filter (where status = 'draft'), count(*) filter (where status = 'active'),
      count(*) filter (where status = 'sold'), count(*) filter (where status = 'not_listed'),
      count(*) filter (where status = 'archived'))
      from came where not delete_wanted group by account_id, catalog_id, kind;
  elsif tg_op = 'DELETE' then
    perform add_to_product_counts(
      account_id, catalog_id, kind,
      -count(*) filter (where status = 'draft'), -count(*) filter (where status = 'active'),
      -count(*) filter (where status = 'sold'), -count(*) filter (where status = 'not_listed'),
      -count(*) filter (where status = 'archived'))
      from went where not delete_wanted group by account_id, catalog_id, kind;
  else
    perform add_to_product_counts(account_id, catalog_id, kind, drafts, actives, solds, unlisted, archives) from (
      select account_id, catalog_id, kind,
             coalesce(sum(n) filter (where status = 'draft'), 0)::bigint as drafts,
             coalesce(sum(n) filter (where status = 'active'), 0)::bigint as actives,
             coalesce(sum(n) filter (where status = 'sold'), 0)::bigint as solds,
             coalesce(sum(n) filter (where status = 'not_listed'), 0)::bigint as unlisted,
             coalesce(sum(n) filter (where status = 'archived'), 0)::bigint as archives
        from (select account_id, catalog_id, kind, status, 1 as n from came where not delete_wanted
              union all
              select account_id, catalog_id, kind, status, -1 from went where not delete_wanted) t
       group by account_id, catalog_id, kind) change
     where (drafts, actives, solds, unlisted, archives) <> (0, 0, 0, 0, 0);
  end if;
  return null;
end $$;

create trigger products_came after insert on products
  referencing new table as came for each statement execute function count_products();
create trigger products_changed after update on products
  referencing old table as went new table as came for each statement execute function count_products();
create trigger products_went after delete on products
  referencing old table as went for each statement execute function count_products();

-- Images: one row per product and source address; the order is that of products.image_urls ---------------------------
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
  claim_number integer not null default 0,
  updated_at timestamptz not null,
  constraint images_pkey primary key (account_id, product_id, source_url)
);
create index images_refused_idx on images (account_id, updated_at) where state = 'refused';
create index images_due_idx on images (account_id, due_at) where due_at is not null;
-- Images are claimed by host: a slow host delays neither the images of other hosts nor those of other accounts.
create index images_host_idx on images (account_id, lower(split_part(source_url, '/', 3)), due_at) where due_at is not null;

-- Connections ------------------------------------------------------------------------------------------------------
create table connections (
  account_id uuid not null,
  id uuid not null,
  number integer generated always as identity,
  channel text not null,
  user_id text not null,
  token bytea not null,           -- encrypted
  expires_at timestamptz,
  expiry_notice_at timestamptz,   -- when to notify next that the login expires
  options jsonb not null default '{}',
  state text not null,            -- connected | disconnected
  reason text,
  cursor text,
  orders_since timestamptz,       -- the marketplace's time up to which orders were read
  poll_due_at timestamptz,
  poll_claimed_by uuid,
  poll_claim_number integer not null default 0,
  polled_at timestamptz,
  waits_for text,                 -- calls | marketplace
  waits_reason text,
  next_try_at timestamptz,
  created_at timestamptz not null,
  removed_at timestamptz,         -- the row stays for its orders, and for its listings if the same login is connected again
  constraint connections_pkey primary key (account_id, id),
  constraint connections_login_key unique (account_id, channel, user_id)
);
create index connections_poll_due_idx on connections (poll_due_at) where poll_due_at is not null;
create index connections_expiry_notice_idx on connections (expiry_notice_at) where expiry_notice_at is not null;
create index connections_id_idx on connections (id); -- a wake-up names a connection by its id alone

create table login_attempts (
  account_id uuid not null,
  id uuid not null,
  channel text not null,
  state_hash bytea not null,      -- of what the browser brings back
  secret bytea not null,          -- encrypted; with it the token is fetched
  options jsonb not null,         -- of the connection
  used_at timestamptz,            -- set when the browser comes back: an attempt is used once
  outcome text,                   -- connected | rejected
  connection_id uuid,
  reason text,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  constraint login_attempts_pkey primary key (account_id, id)
);
create index login_attempts_state_idx on login_attempts (state_hash); -- the browser knows the state alone

-- Policies: what a connection offers, and how; without a row the defaults apply ------------------------------------------
create table policies (
  account_id uuid not null,
  connection_id uuid not null,
  products text not null default 'none', -- none | all | filter
  filter jsonb not null default '{}',
  format text,                    -- auction | fixed; null: the first one that the channel has
  price jsonb not null default '{}',
  quantity jsonb not null default '{}',
  hold text not null default 'first_bid', -- first_bid | start: from when on an auction holds its unit
  categories jsonb not null default '{}', -- the seller's category to the channel's
  updated_at timestamptz not null,
  constraint policies_pkey primary key (account_id, connection_id)
);

-- Offers: a product at a connection in a format; listings: what is, or was, on the channel for an offer ------------------
create table offers (
  account_id uuid not null,
  id uuid not null,
  product_id uuid not null,
  channel text not null,
  connection_id uuid,             -- null: the account has no connection of the channel yet
  format text not null,           -- auction | fixed
  wanted text not null,           -- live | ended
  is_by_policy boolean not null default false, -- made by the connection's policy, which may end it
  named_price numeric,            -- it wins over the policy's price rule
  max_quantity integer,
  price numeric,                  -- what the channel shall show
  currency text not null,
  quantity integer not null default 0,
  revision integer not null default 1, -- grows with what makes a rejected listing worth another try
  listing_id uuid,                -- the newest listing
  error text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint offers_pkey primary key (account_id, id)
);
create unique index offers_product_key on offers (account_id, product_id, channel, connection_id, format) nulls not distinct;
create index offers_connection_idx on offers (account_id, connection_id, product_id);

create table listings (
  account_id uuid not null,
  id uuid not null,
  offer_id uuid not null,
  product_id uuid not null,
  connection_id uuid not null,
  format text not null,           -- auction | fixed
  state text not null,            -- pending | submitted | live | ended | rejected
  ended_reason text,              -- sold_out | withdrawn | expired
  external_id text,
  url text,
  ends_at timestamptz,
  live_since timestamptz,
  price numeric,                  -- confirmed by the channel, like the two that follow
  quantity integer,
  content integer,                -- the product's content revision
  refused_price numeric,
  end_refused boolean not null default false,
  bids integer not null default 0,
  units_sold integer not null default 0,
  units_awaiting_order integer not null default 0, -- seen to be sold, in no order yet
  progress jsonb,
  attempts integer not null default 0,
  looks_left smallint not null default 0, -- after an unclear response: how often the channel is read until its state is certain
  error text,
  notified_error text,            -- the last failure of which the seller was notified
  waits_reason text,              -- why the last attempt failed
  suspended boolean not null default false, -- waits for its connection
  is_broken boolean not null default false, -- a bug of ours: waits for a change by the seller
  priority smallint not null default 5,
  due_at timestamptz,
  claimed_by uuid,
  claim_number integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint listings_pkey primary key (account_id, id),
  constraint listings_live_has_id check (state <> 'live' or external_id is not null)
);
create index listings_due_idx on listings (account_id, connection_id, priority, due_at) where due_at is not null;
create index listings_product_idx on listings (account_id, product_id, id);
create index listings_external_idx on listings (account_id, connection_id, external_id) where external_id is not null;
create index listings_rejected_idx on listings (account_id, id) where state = 'rejected';
create index listings_live_idx on listings (account_id, connection_id) where state = 'live';

-- Entries of marketplaces' responses that could not be read or stored: a person looks at them, and the other entries are processed.
create table attention_entries (
  account_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  kind text not null,             -- order | listing | change | submission | transaction
  identity text not null,         -- the marketplace's id of the entry, or a digest of its text: a repeated entry is the same row
  remote_id text not null,
  raw text not null,              -- the beginning of its text
  reason text not null,
  times integer not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  constraint attention_entries_pkey primary key (account_id, id),
  constraint attention_entries_identity_key unique (account_id, connection_id, kind, identity)
);

-- Budgets: channel calls by minute; the budget counts the last 24 hours ----------------------------------------------
create table channel_budgets (
  channel text not null constraint channel_budgets_pkey primary key,
  calls_per_day integer,          -- the limit of the worker that started last: commands read it here, whatever their environment
  blocked_until timestamptz,
  blocks integer not null default 0
);
create table channel_calls (
  channel text not null,
  minute timestamptz not null,
  calls integer not null,
  constraint channel_calls_pkey primary key (channel, minute)
);

-- Count channel calls before they are made, exactly over all workers. Each, in the order given, is allowed when `needs` calls remain beside
-- the number that its purpose must leave (`leaves`). One round trip; the row of the channel is locked until the transaction ends.
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

-- Events -------------------------------------------------------------------------------------------------------------
-- The feed returns events in the order in which their transactions began, each as soon as no earlier one can still commit (decision 0013).
-- The last transaction that had begun to write or had ended when an event is written. What an event follows from had ended by then,
-- even where the later event's own transaction is the older one: it may have waited for a lock.
create function feed_position() returns xid8 language sql volatile as $$
  select greatest(pg_current_xact_id(), (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text::xid8)
$$;
create table events (
  account_id uuid not null,
  id uuid not null,
  type text not null,
  at timestamptz not null,
  product_id uuid,                -- null: of no product, but of a connection
  sku text not null,
  data jsonb not null,
  actor text not null default 'hub',  -- user:ID | key:ID | operator:NAME | job:NAME | channel:NAME | hub
  source text not null default 'hub', -- dialect or channel | cli | dashboard | job | hub
  request_id text,
  changes jsonb,                  -- of each changed field its value before and after
  era smallint not null default 1,
  xid xid8 not null default feed_position(),
  constraint events_pkey primary key (account_id, id)
);
create index events_sku_idx on events (account_id, sku, id); -- the history of a product, also of one that is deleted
create index events_feed_idx on events (account_id, era, xid, id)
  where type in ('images.ready', 'listing.ended', 'listing.oversold', 'listing.published', 'listing.rejected', 'listing.sold',
                 'order.cancelled', 'order.created', 'order.paid', 'order.refunded', 'order.shipped', 'product.created',
                 'product.sold');

-- Changes of products that the event log does not have yet: the statement that changes products writes them, and a job appends them
-- to the log (decision 0035).
create table product_changes (
  account_id uuid not null,
  id uuid not null,
  at timestamptz not null,
  actor text not null,
  source text not null,
  request_id text,
  request_ids text,               -- JSON: of several requests in one transaction, by SKU
  changes text not null,          -- JSON: of each product the id of its event, its own, its SKU, and what changed
  due_at timestamptz,
  claimed_by uuid,
  claim_number integer not null default 0,
  constraint product_changes_pkey primary key (account_id, id)
);
alter table product_changes alter column changes set storage external; -- it stays for a second: compressing it is not worth it
create index product_changes_due_idx on product_changes (account_id, due_at) where due_at is not null;

-- Transaction ids restart where a dump is restored; a new era keeps later events behind earlier ones.
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

-- Webhooks -----------------------------------------------------------------------------------------------------------
create table endpoints (
  account_id uuid not null,
  id uuid not null,
  dialect text not null,              -- its deliveries have the words and signatures of this dialect
  scope text not null default 'self', -- self | members
  url text,                           -- null: the secret exists before the address does
  description text not null default '',
  certificate text,                   -- PEM: of an endpoint of `saluhall listen`, which nothing else trusts; else null
  secret bytea not null,              -- encrypted
  previous_secret bytea,              -- encrypted; signs for a day after it was replaced
  rotated_at timestamptz,
  older_secrets bytea[] not null default '{}', -- encrypted, newest first: replaced before the previous one, and sign for a day as well
  older_replaced_at timestamptz[] not null default '{}',
  event_types text[] not null,        -- in our words
  takes_all boolean not null default false, -- it asked for all that the dialect sends
  active boolean not null default true,
  fail_count integer not null default 0,
  failing_since timestamptz,          -- since when every attempt failed
  main boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  expires_at timestamptz,             -- null: it stays until it is deleted
  constraint endpoints_pkey primary key (account_id, id)
);
create unique index endpoints_main_idx on endpoints (account_id, dialect) where main;
create index endpoints_id_idx on endpoints (id); -- a wake-up names an endpoint by its id alone
create index endpoints_expiring_idx on endpoints (expires_at) where expires_at is not null;

create table deliveries (
  account_id uuid not null,
  id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null,
  event_account_id uuid,          -- the member that the event belongs to; null: the endpoint's own account
  member_external_id text,        -- the member's name at the time of the event: a repeated delivery has the same
  sku text,                       -- of its event: later events of the item wait for this delivery; null: none wait
  repeated boolean not null default false, -- sent by hand: does not count as a failure of the endpoint
  state text not null,            -- due | delivered | exhausted | held (its endpoint is switched off)
  attempts integer not null default 0,
  tried_at timestamptz not null default now(), -- the last attempt; before the first one, when it was made
  due_at timestamptz,
  claimed_by uuid,
  claim_number integer not null default 0,
  constraint deliveries_pkey primary key (account_id, id)
);
create index deliveries_due_idx on deliveries (account_id, endpoint_id, due_at) where due_at is not null;
create index deliveries_item_idx on deliveries (account_id, endpoint_id, sku, event_id) where due_at is not null;
create index deliveries_held_idx on deliveries (account_id, endpoint_id) where state = 'held';
create index deliveries_repeated_idx on deliveries (account_id, endpoint_id) where repeated and due_at is not null;
-- A finished delivery is deleted when the log of its attempts is.
create index deliveries_finished_idx on deliveries (tried_at) where due_at is null and state <> 'held';

-- The log of attempts can be searched without the events.
create table delivery_attempts (
  account_id uuid not null,
  id uuid not null,
  delivery_id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null,
  event_type text not null default '', -- in the words of the endpoint's dialect
  sku text not null default '',
  success boolean not null,
  http_status integer,
  error text,
  at timestamptz not null,
  constraint delivery_attempts_pkey primary key (account_id, id)
);
create index delivery_attempts_endpoint_idx on delivery_attempts (account_id, endpoint_id, id);
create index delivery_attempts_type_idx on delivery_attempts (account_id, event_type, id);
create index delivery_attempts_sku_idx on delivery_attempts (account_id, sku, id);
create index delivery_attempts_failed_idx on delivery_attempts (account_id, id) where not success;
create index delivery_attempts_at_idx on delivery_attempts using brin (at) with (autosummarize = on);

-- Replays: events that an endpoint asked for again, queued in the order of account and id.
create table replays (
  account_id uuid not null,
  id uuid not null,
  endpoint_id uuid not null,
  since timestamptz not null,
  until timestamptz not null,
  event_types text[] not null,
  horizon xid8 not null default pg_snapshot_xmax(pg_current_snapshot()), -- it waits for all transactions that ran when it was made
  heard_account_id uuid,          -- with after_id: all events up to this one are queued
  after_id uuid,
  queued bigint not null default 0,
  due_at timestamptz,             -- null: done
  claimed_by uuid,
  claim_number integer not null default 0,
  created_at timestamptz not null,
  constraint replays_pkey primary key (account_id, id)
);
create index replays_due_idx on replays (due_at) where due_at is not null;
create index replays_done_idx on replays (created_at) where due_at is null;
create unique index replays_running_idx on replays (account_id, endpoint_id) where due_at is not null;

-- What is deleted after a while: one row for each kind.
create table prunings (
  kind text not null constraint prunings_pkey primary key,
  due_at timestamptz not null,
  claimed_by uuid,
  claim_number integer not null default 0
);
insert into prunings (kind, due_at) values ('delivery_attempts', now());

-- Orders -------------------------------------------------------------------------------------------------------------
-- Amounts are in the order's currency; `total` includes tax, shipping and discounts. Instants are the channel's where it gives them.
create table orders (
  account_id uuid not null,
  id integer not null generated always as identity,
  connection_id uuid,             -- null: of no connection
  connection_number integer not null default 0,
  channel text not null default '', -- the channel as people call it, the site sold on, and the country of that
  site text not null default '',
  site_country text not null default '',
  external_id text not null,      -- the channel's own id: an order is stored once
  external_changed_at timestamptz,
  number text not null,           -- what buyer and seller call it
  status text not null,           -- pending | paid | shipped | cancelled
  previous_status text,
  status_message text not null default '',
  placed_at timestamptz not null,
  paid_at timestamptz,
  shipped_at timestamptz,
  cancelled_at timestamptz,
  cancel_reason text not null default '',
  ship_by timestamptz,
  deliver_by timestamptz,
  currency text not null default '',
  total numeric not null default 0,
  shipping_price numeric not null default 0,
  discount numeric not null default 0,
  tax numeric not null default 0,
  fee numeric not null default 0, -- what the channel keeps
  refunded numeric not null default 0,
  shipping_method text not null default '',
  payment_method text not null default '',
  payment_reference text not null default '',
  buyer_id text not null default '',
  buyer_email text not null default '',
  buyer_note text not null default '',
  buyer_vat_number text not null default '',
  buyer_tax_code text not null default '',
  is_business boolean not null default false,
  billing_name text not null default '',
  billing_line1 text not null default '',
  billing_line2 text not null default '',
  billing_zip text not null default '',
  billing_city text not null default '',
  billing_region text not null default '',
  billing_country text not null default '',
  billing_phone text not null default '',
  shipping_name text not null default '',
  shipping_line1 text not null default '',
  shipping_line2 text not null default '',
  shipping_zip text not null default '',
  shipping_city text not null default '',
  shipping_region text not null default '',
  shipping_country text not null default '',
  shipping_phone text not null default '',
  carrier text not null default '', -- of the last parcel, or of the one to come, as is the tracking number
  carrier_number integer,         -- the seller's own number of the carrier
  tracking text not null default '',
  shipping_note text not null default '',
  note text not null default '',
  weight_kg numeric not null default 0,
  tags text[] not null default '{}',
  attention text[] not null default '{}', -- why a person should look at it: unmatched, oversold
  acknowledged text,              -- the last status that the channel has recorded because we said so, and when
  acknowledged_at timestamptz,
  extras jsonb not null default '{}', -- what only one partner or channel knows, under its name, as the text that is written
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint orders_pkey primary key (account_id, id),
  constraint orders_external_key unique nulls not distinct (account_id, connection_id, external_id)
);
create index orders_placed_idx on orders (account_id, placed_at desc, id desc);
create index orders_changed_idx on orders (account_id, changed_at);
create index orders_number_idx on orders (account_id, number);
-- People and partners often ask for the orders in one status that is not final; those are few among all orders.
create index orders_status_idx on orders (account_id, status, placed_at desc, id desc);
create index orders_attention_idx on orders (account_id, placed_at desc, id desc)
  where attention <> '{}' and status in ('pending', 'paid');

create table order_lines (
  account_id uuid not null,
  id integer not null generated always as identity,
  order_id integer not null,
  external_id text not null default '', -- the channel's id of the line
  listing_external_id text not null default '', -- the channel's id of the listing that was bought
  product_id uuid,                -- null: nothing matched
  catalog_number integer,         -- of the matched product, as are the SKU and the snapshot
  sku text not null default '',
  product jsonb,                  -- the product as it was when it was sold
  title text not null default '',
  ean text not null default '',
  brand text not null default '',
  mpn text not null default '',
  parent_sku text not null default '',
  image_url text not null default '',
  category_id text not null default '', -- the channel's
  category_name text not null default '',
  quantity integer not null default 0,
  units_taken integer not null default 0, -- from stock
  units_shipped integer not null default 0,
  units_cancelled integer not null default 0,
  units_refunded integer not null default 0,
  unit_price numeric not null default 0,
  total numeric not null default 0,
  discount numeric not null default 0,
  cost numeric not null default 0,
  tax_percent numeric not null default 0,
  tax numeric not null default 0,
  fee numeric not null default 0,
  shipping_price numeric not null default 0,
  refunded numeric not null default 0,
  refunded_at timestamptz,
  refund_reason text not null default '',
  shipping_method text not null default '',
  weight_kg numeric not null default 0,
  carrier text not null default '', -- of its last parcel, as are the tracking number and the day
  tracking text not null default '',
  shipped_at timestamptz,
  note text not null default '',
  extras jsonb not null default '{}',
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint order_lines_pkey primary key (account_id, id)
);
-- A snapshot that is compressed would be unpacked for each of its values.
alter table order_lines set (toast_tuple_target = 8160);
create index order_lines_order_idx on order_lines (account_id, order_id);

-- Parcels; the same parcel is reported once.
create table fulfilments (
  account_id uuid not null,
  id uuid not null,
  order_id integer not null,
  carrier text not null,
  tracking text not null,
  shipped_at timestamptz not null,
  created_at timestamptz not null,
  constraint fulfilments_pkey primary key (account_id, id),
  constraint fulfilments_parcel_key unique (account_id, order_id, carrier, tracking)
);
create table fulfilment_lines (
  account_id uuid not null,
  fulfilment_id uuid not null,
  line_id integer not null,
  quantity integer not null,
  constraint fulfilment_lines_pkey primary key (account_id, fulfilment_id, line_id)
);

create table refunds (
  account_id uuid not null,
  id uuid not null,
  order_id integer not null,
  external_id text,               -- the channel's id; null: made here
  amount numeric not null,
  currency text not null,
  reason text not null default '',
  refunded_at timestamptz not null,
  created_at timestamptz not null,
  constraint refunds_pkey primary key (account_id, id),
  constraint refunds_external_key unique (account_id, order_id, external_id)
);
create index refunds_order_idx on refunds (account_id, order_id);

-- What a channel must be notified of about an order: due until the channel has answered, or until there is nothing to say any more.
create table order_updates (
  account_id uuid not null,
  id uuid not null,
  order_id integer not null,
  connection_id uuid not null,
  kind text not null,             -- paid | shipped | cancelled | refunded
  fulfilment_id uuid,
  refund_id uuid,
  reason text not null default '',
  state text not null,            -- due | acknowledged | not_supported | rejected | withdrawn
  answer text not null default '',
  attempts integer not null default 0,
  due_at timestamptz,
  claimed_by uuid,
  claim_number integer not null default 0,
  created_at timestamptz not null,
  settled_at timestamptz,
  constraint order_updates_pkey primary key (account_id, id)
);
create index order_updates_due_idx on order_updates (account_id, connection_id, due_at) where due_at is not null;
create index order_updates_order_idx on order_updates (account_id, order_id, id);
create index order_updates_rejected_idx on order_updates (account_id, id) where state = 'rejected';

-- Analytics ----------------------------------------------------------------------------------------------------------
-- What was sold: a row for each order line and each sale outside a marketplace, in the currency it was sold in. The category is that
-- of the day of the sale: the product may change or be deleted.
create table sales (
  account_id uuid not null,
  id bigint not null generated always as identity,
  sold_at timestamptz not null,
  order_line_id integer,          -- null: sold outside a marketplace
  product_id uuid,
  state text not null,            -- paid | pending | void (cancelled, or not sold after all)
  category text not null,
  currency text not null,
  orders integer not null,        -- 1 in the first line of an order
  units integer not null,
  gross numeric not null,         -- without the units that were cancelled
  refunded numeric not null,      -- of the gross
  fee numeric not null,
  constraint sales_pkey primary key (account_id, id),
  constraint sales_line_key unique (account_id, order_line_id)
);
create index sales_product_idx on sales (account_id, product_id, sold_at);

-- The sums of sales by currency, month and category, in a few rows each, like product_counts. A month begins in the account's time zone.
create table sale_sums (
  account_id uuid not null,
  currency text not null,
  month text not null,            -- 2026-04
  category text not null,
  slot uuid not null,
  orders bigint not null,
  units bigint not null,
  gross numeric not null,
  refunded numeric not null,
  fee numeric not null,
  pending numeric not null,
  constraint sale_sums_pkey primary key (account_id, currency, month, category, slot)
) with (fillfactor = 50);

-- Partner business ----------------------------------------------------------------------------------------------------
-- What partners do by their own routes besides selling: no other table and no other part of the code knows these tables.
-- A deal says how an account and the operator share; an account without one has consumer_default.
create table deals (
  account_id uuid not null,
  kind text not null,             -- direct_commission | flat_monthly | flat_plus_per_listing | reseller_agreement | sub_account
  commission_bps integer,
  flat_monthly_ore bigint,
  per_listing_ore bigint,
  since timestamptz not null,
  constraint deals_pkey primary key (account_id)
);

create table deal_requests (
  account_id uuid not null,
  kind text not null,
  id uuid not null,
  message text not null,
  requested_at timestamptz not null,
  constraint deal_requests_pkey primary key (account_id, kind)
);

-- The public page of an account, found by its slug.
create table profiles (
  account_id uuid not null,
  slug text not null,             -- unique by its directory
  name text not null,
  constraint profiles_pkey primary key (account_id)
);

create table profile_directory (
  slug text not null constraint profile_directory_pkey primary key,
  account_id uuid not null
);

-- An account without a row has the free tier.
create table account_subscriptions (
  account_id uuid not null constraint account_subscriptions_pkey primary key,
  tier text not null,             -- pro
  subscribed_at timestamptz not null,
  ends_at timestamptz             -- null: it does not end
);

-- What the provider knows of a number plate; `vehicle` is null when it knows no such plate.
create table number_plates (
  plate text not null constraint number_plates_pkey primary key,
  vehicle jsonb,
  asked_at timestamptz not null
);

-- Workers ------------------------------------------------------------------------------------------------------------
-- Workers write heartbeats; the claims of a dead worker are released.
create table workers (
  id uuid not null constraint workers_pkey primary key,
  beat_at timestamptz not null
);
