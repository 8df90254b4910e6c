-- What an account is billed as, and where its months begin ---------------------------------------------------------------------
alter table accounts
  add column time_zone text not null default 'Europe/Stockholm',
  add column tier text not null default 'free', -- free | pro
  add column subscribed_at timestamptz,
  add column subscribed_until timestamptz;

-- How many items an account has in each status: kept by triggers, for counting a million rows takes too long. An account has a few
-- rows here, to be added up. A writer takes one that nobody else holds, or makes one: writers never wait for each other.
create table product_counts (
  account_id uuid not null,
  slot uuid not null,
  draft bigint not null,
  active bigint not null,
  sold bigint not null,
  not_listed bigint not null,
  archived bigint not null,
  constraint product_counts_pkey primary key (account_id, slot)
) with (fillfactor = 50);

create function add_to_product_counts(
  owner uuid, drafts bigint, actives bigint, solds bigint, unlisted bigint, archives bigint
) returns void language plpgsql as $$
begin
  update product_counts c
     set draft = c.draft + drafts, active = c.active + actives, sold = c.sold + solds,
         not_listed = c.not_listed + unlisted, archived = c.archived + archives
   where c.account_id = owner
     and c.slot = (select f.slot from product_counts f where f.account_id = owner
                    limit 1 for update skip locked);
  if not found then
    insert into product_counts values (owner, gen_random_uuid(), drafts, actives, solds, unlisted, archives);
  end if;
end $$;

create function count_products() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform add_to_product_counts(
      account_id, count(*) filter (where status = 'draft'), count(*) filter (where status = 'active'),
      count(*) filter (where status = 'sold'), count(*) filter (where status = 'not_listed'),
      count(*) filter (where status = 'archived'))
      from came where kind = 'item' and not delete_wanted group by account_id;
  elsif tg_op = 'DELETE' then
    perform add_to_product_counts(
      account_id, -count(*) filter (where status = 'draft'), -count(*) filter (where status = 'active'),
      -count(*) filter (where status = 'sold'), -count(*) filter (where status = 'not_listed'),
      -count(*) filter (where status = 'archived'))
      from went where kind = 'item' and not delete_wanted group by account_id;
  else
    perform add_to_product_counts(account_id, drafts, actives, solds, unlisted, archives) from (
      select account_id,
             count(*) filter (where now and status = 'draft') - count(*) filter (where not now and status = 'draft') as drafts,
             count(*) filter (where now and status = 'active') - count(*) filter (where not now and status = 'active') as actives,
             count(*) filter (where now and status = 'sold') - count(*) filter (where not now and status = 'sold') as solds,
             count(*) filter (where now and status = 'not_listed') - count(*) filter (where not now and status = 'not_listed') as unlisted,
             count(*) filter (where now and status = 'archived') - count(*) filter (where not now and status = 'archived') as archives
        from (select account_id, status, true as now from came where kind = 'item' and not delete_wanted
              union all
              select account_id, status, false from went where kind = 'item' and not delete_wanted) t
       group by account_id) change
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

insert into product_counts
  select account_id, gen_random_uuid(), count(*) filter (where status = 'draft'),
         count(*) filter (where status = 'active'), count(*) filter (where status = 'sold'),
         count(*) filter (where status = 'not_listed'), count(*) filter (where status = 'archived')
    from products where kind = 'item' and not delete_wanted group by account_id;

-- What was sold: a line for each row of an order and each sale outside a marketplace. The category is that of the day of the sale:
-- the product may change or go. Kept by triggers, whoever writes.
create table sales (
  account_id uuid not null,
  sold_at timestamptz not null,
  row_id integer,                 -- of an order, or
  event_id uuid,                  -- the event that told of a sale outside a marketplace
  product_id uuid,
  state text not null,            -- paid | pending | void (cancelled, taken back, or in another currency than SEK)
  category text not null,
  orders integer not null,        -- 1 in the first line of an order
  pieces integer not null,
  gross numeric not null,
  fee numeric not null,           -- of the whole order, in its first line
  constraint sales_source_key unique nulls not distinct (account_id, row_id, event_id)
);
create index sales_product_idx on sales (account_id, product_id, sold_at);

-- The same added up by month and category, in a few rows each, like product_counts. A month begins by the account's own clock.
create table sale_sums (
  account_id uuid not null,
  month text not null,            -- 2026-04
  category text not null,
  slot uuid not null,
  orders bigint not null,
  pieces bigint not null,
  gross numeric not null,
  fee numeric not null,
  pending numeric not null,
  constraint sale_sums_pkey primary key (account_id, month, category, slot)
) with (fillfactor = 50);

create function add_to_sale_sums(
  owner uuid, of_month text, of_category text, more_orders bigint, more_pieces bigint, more_gross numeric,
  more_fee numeric, more_pending numeric
) returns void language plpgsql as $$
begin
  if more_orders = 0 and more_pieces = 0 and more_gross = 0 and more_fee = 0 and more_pending = 0 then
    return;
  end if;
  update sale_sums s
     set orders = s.orders + more_orders, pieces = s.pieces + more_pieces, gross = s.gross + more_gross,
         fee = s.fee + more_fee, pending = s.pending + more_pending
   where s.account_id = owner and s.month = of_month and s.category = of_category
     and s.slot = (select f.slot from sale_sums f
                    where f.account_id = owner and f.month = of_month and f.category = of_category
                    limit 1 for update skip locked);
  if not found then
    insert into sale_sums values (owner, of_month, of_category, gen_random_uuid(), more_orders, more_pieces,
                                  more_gross, more_fee, more_pending);
  end if;
end $$;

-- What lines bring to the sums, or (sign -1) take away.
create function add_sales_up(lines sales[], sign integer) returns void language sql as $$
  select add_to_sale_sums(
           s.account_id, to_char(s.sold_at at time zone a.time_zone, 'YYYY-MM'), s.category,
           sign * coalesce(sum(s.orders) filter (where s.state = 'paid'), 0),
           sign * coalesce(sum(s.pieces) filter (where s.state = 'paid'), 0),
           sign * coalesce(sum(s.gross) filter (where s.state = 'paid'), 0),
           sign * coalesce(sum(s.fee) filter (where s.state = 'paid'), 0),
           sign * coalesce(sum(s.gross) filter (where s.state = 'pending'), 0))
    from unnest(lines) s join accounts a on a.account_id = s.account_id
   group by s.account_id, to_char(s.sold_at at time zone a.time_zone, 'YYYY-MM'), s.category
$$;

create function sales_written() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    perform add_sales_up(array_agg(row(w.*)::sales), -1) from went w;
  end if;
  perform add_sales_up(array_agg(row(c.*)::sales), 1) from came c;
  return null;
end $$;
create trigger sales_came after insert on sales
  referencing new table as came for each statement execute function sales_written();
create trigger sales_changed after update on sales
  referencing old table as went new table as came for each statement execute function sales_written();

-- Another clock makes other months. Whoever writes sales waits until that is done.
create function set_time_zone(owner uuid, zone text) returns void language plpgsql as $$
begin
  lock table sales in share row exclusive mode;
  delete from sale_sums where account_id = owner;
  update accounts set time_zone = zone where account_id = owner;
  perform add_sales_up(array_agg(s), 1) from sales s where s.account_id = owner;
end $$;

create function sale_state(status text, currency text) returns text language sql immutable as $$
  select case when currency not in ('SEK', '') or status = 'cancelled' then 'void'
              when status = 'standby' then 'pending' else 'paid' end
$$;

create function keep_sales_of_orders(owner uuid, orders integer[]) returns void language sql as $$
  insert into sales
  select h.account_id, h.date_order, r.id, null, r.product, sale_state(h.status, h.currency),
         coalesce(nullif(p.domain ->> 'domain', ''), 'other'), (r.nth = 1)::integer, r.quantity, r.price_total,
         case when r.nth = 1 then h.marketplace_fee else 0 end
    from order_heads h
    join (select r.*, row_number() over (partition by r.order_id order by r.id) as nth
            from order_rows r where r.account_id = owner and r.order_id = any(orders)) r
      on r.order_id = h.id
    left join products p on p.account_id = owner and p.id = r.product
   where h.account_id = owner
   order by r.id
  on conflict on constraint sales_source_key do update
     set sold_at = excluded.sold_at, state = excluded.state, orders = excluded.orders,
         pieces = excluded.pieces, gross = excluded.gross, fee = excluded.fee
$$;

create function order_rows_came() returns trigger language plpgsql as $$
begin
  perform keep_sales_of_orders(account_id, array_agg(distinct order_id)) from came group by account_id;
  return null;
end $$;

create function order_heads_changed() returns trigger language plpgsql as $$
begin
  perform keep_sales_of_orders(account_id, array_agg(id)) from (
    select account_id, id, sale_state(status, currency), date_order, marketplace_fee from came
    except
    select account_id, id, sale_state(status, currency), date_order, marketplace_fee from went) changed
   group by account_id;
  return null;
end $$;

create trigger order_rows_came after insert on order_rows
  referencing new table as came for each statement execute function order_rows_came();
create trigger order_rows_changed after update on order_rows
  referencing new table as came for each statement execute function order_rows_came();
create trigger order_heads_changed after update on order_heads
  referencing old table as went new table as came for each statement execute function order_heads_changed();

create function keep_direct_sale(owner uuid, event uuid, of_product uuid, at timestamptz, data jsonb)
returns void language sql as $$
  insert into sales
  select owner, at, null, event, of_product, sale_state('accepted', coalesce(data ->> 'currency', '')),
         coalesce(nullif(p.domain ->> 'domain', ''), 'other'), 1, 1, (data ->> 'sale_price')::numeric, 0
    from products p
   where p.account_id = owner and p.id = of_product and data ->> 'sale_price' is not null
$$;

create function product_sold_directly() returns trigger language plpgsql as $$
begin
  perform keep_direct_sale(new.account_id, new.id, new.product_id, new.at, new.data);
  return null;
end $$;
create trigger events_sold_directly after insert on events for each row
  when (new.type = 'item.sold' and new.data ->> 'platform' = 'rheo') execute function product_sold_directly();

-- Whoever says that a product was not sold after all takes its last sale back, unless it is an order's.
create function product_not_sold() returns trigger language plpgsql as $$
begin
  update sales s set state = 'void'
   where s.account_id = new.account_id
     and s.event_id = (select l.event_id from sales l
                        where l.account_id = new.account_id and l.product_id = new.id
                          and l.state <> 'void'
                        order by l.sold_at desc limit 1);
  return null;
end $$;
create trigger products_not_sold after update on products for each row
  when (old.status = 'sold' and new.status = 'not_listed' and not new.delete_wanted)
  execute function product_not_sold();

select keep_sales_of_orders(account_id, array_agg(id)) from order_heads group by account_id;
select keep_direct_sale(account_id, id, product_id, at, data) from events
 where type = 'item.sold' and data ->> 'platform' = 'rheo';

-- Deals: how an account and the operator share; an account without one has consumer_default -------------------------------------
create table deals (
  account_id uuid not null,
  kind text not null, -- direct_commission | flat_monthly | flat_plus_per_listing | reseller_agreement | sub_account
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

-- What everybody may read of an account, under an address of its own.
create table profiles (
  account_id uuid not null,
  slug text not null constraint profiles_slug_key unique,
  name text not null,
  constraint profiles_pkey primary key (account_id)
);
