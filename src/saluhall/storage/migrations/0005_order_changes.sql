-- Where a product stands in the list of changes. The instant is taken when the transaction already counts as one that writes, so
-- whoever reads the list can tell up to where nothing can turn up any more; it never goes back for one product.
create function change_instant() returns timestamptz language sql volatile as $$
  select case when pg_current_xact_id() is not null then clock_timestamp() end
$$;
create function move_change() returns trigger language plpgsql as $$
begin
  new.changed_at := greatest(change_instant(), old.changed_at + interval '1 microsecond');
  return new;
end
$$;
alter table products add column changed_at timestamptz;
update products set changed_at = updated_at;
alter table products
  alter column changed_at set not null,
  alter column changed_at set default change_instant();
create trigger products_change before update of updated_at on products
  for each row execute function move_change();
create index products_changed_idx on products (account_id, catalog_id, changed_at, id) where not delete_wanted;
create index products_status_idx on products (account_id, catalog_id, status, changed_at, id) where not delete_wanted;
create index products_codes_idx on products using gin ((domain -> 'part' -> 'catalogCodes') jsonb_path_ops)
  where domain -> 'part' -> 'catalogCodes' is not null;

-- Parcels that sellers report for their orders; the same parcel is reported once
create table shipments (
  account_id uuid not null,
  id uuid not null,
  order_id integer not null,
  carrier text not null,
  tracking_number text not null,
  created_at timestamptz not null,
  constraint shipments_pkey primary key (account_id, id),
  constraint shipments_parcel_key unique (account_id, order_id, carrier, tracking_number)
);

-- What the provider said of a number plate; `vehicle` null: it knows no such plate
create table vehicles (
  plate text not null constraint vehicles_pkey primary key,
  vehicle jsonb,
  asked_at timestamptz not null
);
