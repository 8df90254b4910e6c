-- Numbers: some partners' clients know things by whole numbers below 2^31 -----------------------------------------------------
alter table accounts add column number integer generated always as identity;
alter table users add column number integer generated always as identity;
alter table catalogs add column number integer generated always as identity;
create unique index catalogs_number_idx on catalogs (account_id, number);
alter table products add column number integer generated always as identity;

-- Sessions: what a token may still do is a row; the token itself is never stored -----------------------------------------------
create table sessions (
  account_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  access_jti uuid,                -- the one access token that counts; an earlier one is invalid
  access_expires_at timestamptz,
  refresh_jti uuid not null,
  refresh_expires_at timestamptz not null,
  address text not null default '', -- where it was opened: whoever guesses from elsewhere cannot shut that place out
  created_at timestamptz not null,
  constraint sessions_pkey primary key (account_id, id)
);
create index sessions_refresh_expires_idx on sessions (account_id, refresh_expires_at);
create index sessions_home_idx on sessions (account_id, user_id, address);
alter table accounts add column suspended_at timestamptz; -- the operator has closed the door for a while; nothing is deleted

-- Failed sign-ins slow their user name and their address down, for a while ------------------------------------------------------
create unlogged table sign_in_failures (
  subject text not null constraint sign_in_failures_pkey primary key,
  failures integer not null,
  failed_at timestamptz not null
);
create index sign_in_failures_failed_idx on sign_in_failures (failed_at);

-- Keys of the older API generation, which stand in the URL; only their hash is kept ------------------------------------------------
create table legacy_keys (
  account_id uuid not null,
  id uuid not null,
  key_hash bytea not null constraint legacy_keys_key_hash_key unique,
  created_at timestamptz not null,
  revoked_at timestamptz,
  constraint legacy_keys_pkey primary key (account_id, id)
);

-- The rest of a product's documented fields ------------------------------------------------------------------------------------------
alter table products
  add column quantity integer not null default 1,
  add column condition_code text not null default 'none',
  add column condition_description text not null default '',
  add column sku_label text not null default '',
  add column subtitle text not null default '',
  add column description_extra text not null default '',
  add column brand text not null default '',
  add column price2 numeric not null default 0,
  add column price3 numeric not null default 0,
  add column price4 numeric not null default 0,
  add column price5 numeric not null default 0,
  add column price6 numeric not null default 0,
  add column price_cost numeric not null default 0,
  add column price_shipping2 numeric not null default 0,
  add column price_shipping3 numeric not null default 0,
  add column price_shipping4 numeric not null default 0,
  add column price_shipping5 numeric not null default 0,
  add column price_shipping6 numeric not null default 0,
  add column fee_additional1 numeric not null default 0,
  add column fee_additional2 numeric not null default 0,
  add column fee_additional3 numeric not null default 0,
  add column fee_additional4 numeric not null default 0,
  add column fee_additional5 numeric not null default 0,
  add column fee_additional6 numeric not null default 0,
  add column vat_perc numeric not null default 0,
  add column ean text not null default '',
  add column isbn text not null default '',
  add column mpn text not null default '',
  add column asin text not null default '',
  add column weight_um text not null default 'kg',
  add column variations json,
  add column extra1 text not null default '',
  add column extra2 text not null default '',
  add column extra3 text not null default '',
  add column extra4 text not null default '',
  add column extra5 text not null default '',
  add column extra6 text not null default '',
  add column extra7 text not null default '',
  add column extra8 text not null default '',
  add column extra9 text not null default '',
  add column item_note text not null default '',
  add column delivery_days integer not null default 0,
  add column attributes json,
  add column on_demand boolean not null default false,
  add column on_demand_days integer not null default 0,
  add column fields_lock text not null default '',
  add column catalog_category1 text not null default '',
  add column catalog_category2 text not null default '',
  add column catalog_category3 text not null default '',
  add column channel_categories json,
  add column origin_country text not null default '',
  add column warehouse text not null default '';

-- Orders: every documented field of a head and a row, under its documented name -------------------------------------------------------
create table order_heads (
  account_id uuid not null,
  id integer not null generated always as identity,
  connection_id uuid,
  remote_id text not null,        -- the marketplace's own id: an order is stored once
  attention text,                 -- why a person should look at it, null when all is well
  shop integer not null default 0,
  customer integer not null default 0,
  courier integer,
  code text not null default '',
  code_number integer not null default 0,
  marketplace_code text not null default '',
  channel_code text not null default '',
  courier_code text not null default '',
  shipping_code text not null default '',
  insurance_code text not null default '',
  payment_code text not null default '',
  supplier_code text not null default '',
  buyer_loc_place integer not null default 0,
  buyer_loc_place_dd integer not null default 0,
  merchant_id text not null default '',
  fields_lock text not null default '',
  date_order timestamptz not null,
  reference_1 text not null default '',
  reference_2 text not null default '',
  buyer_user_id text not null default '',
  buyer_checkout_message text not null default '',
  buyer_email text not null default '',
  buyer_token text not null default '',
  shipping_price numeric not null default 0.0,
  shipping_insurance_price numeric not null default 0.0,
  marketplace_fee numeric not null default 0.0,
  paypal_fee numeric not null default 0.0,
  shipped_by_marketplace integer not null default 0,
  is_prime integer not null default 0,
  cod_cash_only integer not null default 0,
  cod_option text not null default '',
  cod_price numeric not null default 0.0,
  price_discount_markup numeric not null default 0.0,
  buyer_name text not null default '',
  buyer_address1 text not null default '',
  buyer_address2 text not null default '',
  buyer_zip text not null default '',
  buyer_city text not null default '',
  buyer_province text not null default '',
  buyer_country text not null default '',
  buyer_latitude numeric not null default 0.0,
  buyer_longitude numeric not null default 0.0,
  buyer_phone text not null default '',
  buyer_fax text not null default '',
  buyer_mobile text not null default '',
  buyer_fiscal_code text not null default '',
  buyer_vat text not null default '',
  currency text not null default '',
  price numeric not null default 0.0,
  status text not null default '',
  status_old text not null default '',
  status_message text not null default '',
  date_payment timestamptz,
  date_shipping timestamptz,
  weight numeric not null default 0.0,
  tracking text not null default '',
  note text not null default '',
  payment_note text not null default '',
  buyer_name_dd text not null default '',
  buyer_address1_dd text not null default '',
  buyer_address2_dd text not null default '',
  buyer_zip_dd text not null default '',
  buyer_city_dd text not null default '',
  buyer_province_dd text not null default '',
  buyer_country_dd text not null default '',
  buyer_latitude_dd numeric not null default 0.0,
  buyer_longitude_dd numeric not null default 0.0,
  buyer_phone_dd text not null default '',
  buyer_fax_dd text not null default '',
  buyer_mobile_dd text not null default '',
  shipping_note text not null default '',
  paypal_transaction_id text not null default '',
  billed integer not null default 0,
  tags text not null default '',
  courier_info json not null default '{}',
  problem_description text not null default '',
  shipping_cost numeric not null default 0.0,
  feedbacks json not null default '{}',
  feedbacks_date timestamptz,
  content_type text not null default '',
  hidden integer not null default 0,
  upload_status json,
  marketplace_country text not null default '',
  agent text not null default '',
  buyer_invoice_ecode text not null default '',
  buyer_pec text not null default '',
  date_last_ship timestamptz,
  date_last_delivery timestamptz,
  created timestamptz not null,
  modified timestamptz not null,
  is_b2b integer not null default 0,
  billing_info json not null default '{}',
  force_profit_loss_calculation text not null default 'false',
  total_tax numeric not null default 0.0,
  reservation integer not null default 0,
  tags_label text not null default '',
  wanted_status text,             -- set through an API, not yet confirmed by the marketplace
  push_attempts integer not null default 0,
  push_due_at timestamptz,
  push_claimed_by uuid,
  remote_modified timestamptz,
  constraint order_heads_pkey primary key (account_id, id),
  constraint order_heads_remote_key unique nulls not distinct (account_id, connection_id, remote_id)
);
create index order_heads_date_idx on order_heads (account_id, date_order desc, id desc);
create index order_heads_modified_idx on order_heads (account_id, modified);
create index order_heads_code_idx on order_heads (account_id, code);
create index order_heads_push_due_idx on order_heads (account_id, connection_id, push_due_at) where push_due_at is not null;

create table order_rows (
  account_id uuid not null,
  id integer not null generated always as identity,
  order_id integer not null,
  product uuid,                   -- our product, null when nothing matched
  order_row_supplier integer,
  supplier integer,
  order_supplier_code text not null default '',
  courier_code text not null default '',
  tracking text not null default '',
  fields_lock text not null default '',
  shipping_cost numeric not null default 0.0,
  shipping_code text not null default '',
  transaction_id text not null default '',
  product_id text not null default '',
  sku text not null default '',
  ean text not null default '',
  brand text not null default '',
  mpn text not null default '',
  sku_parent text not null default '',
  title text not null default '',
  title_extra text not null default '',
  quantity integer not null default 0,
  stock_unloaded integer not null default 0,
  price numeric not null default 0.0,
  price_total numeric not null default 0.0,
  price_discount_markup numeric not null default 0.0,
  price_cost numeric not null default 0.0,
  refund_price numeric not null default 0.0,
  refund_date timestamptz,
  refund_reason text not null default '',
  shipping_price numeric not null default 0.0,
  shipping_insurance_price numeric not null default 0.0,
  date_shipping timestamptz,
  shipping_note text not null default '',
  cod_price numeric not null default 0.0,
  marketplace_fee numeric not null default 0.0,
  weight numeric not null default 0.0,
  note text not null default '',
  vat_perc numeric not null default 0.0,
  image_url text not null default '',
  category_id text not null default '',
  category_name text not null default '',
  date_payment timestamptz,
  product_info json not null default '{}',
  on_demand_date timestamptz,
  created timestamptz not null,
  modified timestamptz not null,
  order_supplier integer not null default 0,
  refund_supplier_quantity integer not null default 0,
  refund_marketplace_fee numeric not null default 0.0,
  product_tax numeric not null default 0.0,
  no_vat text not null default 'false',
  courier_info json not null default '{}',
  constraint order_rows_pkey primary key (account_id, id)
);
create index order_rows_order_idx on order_rows (account_id, order_id);

alter table connections
  add column number integer generated always as identity,
  add column orders_since timestamptz; -- the marketplace's time up to which orders were read

-- A sale is told once: the order that a sold listing is known by, null when only its state was seen
alter table listings add column order_id integer;
