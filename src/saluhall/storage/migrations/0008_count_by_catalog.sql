-- A list tells how many items match, and counting a million takes longer than reading the page: the kept counts tell catalogs and kinds
-- apart. Whoever writes products waits until everything is counted anew.
lock table products in share row exclusive mode;
truncate product_counts;
alter table product_counts
  add column catalog_id uuid not null,
  add column kind text not null,        -- item | container
  drop constraint product_counts_pkey,
  add constraint product_counts_pkey primary key (account_id, catalog_id, kind, slot);

drop function add_to_product_counts(uuid, bigint, bigint, bigint, bigint, bigint);
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

create or replace function count_products() returns trigger language plpgsql as $$
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

insert into product_counts (account_id, catalog_id, kind, slot, draft, active, sold, not_listed, archived)
  select account_id, catalog_id, kind, gen_random_uuid(), count(*) filter (where status = 'draft'),
         count(*) filter (where status = 'active'), count(*) filter (where status = 'sold'),
         count(*) filter (where status = 'not_listed'), count(*) filter (where status = 'archived')
    from products where not delete_wanted group by account_id, catalog_id, kind;
