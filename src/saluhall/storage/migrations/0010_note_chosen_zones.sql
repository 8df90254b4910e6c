-- Days in filters of orders begin by the clock that an account chose; in UTC where none was ever chosen. Who had chosen the usual one before
-- this was noted chooses it once more.
alter table accounts add column has_chosen_zone boolean not null default false;
update accounts set has_chosen_zone = true where time_zone <> 'Europe/Stockholm';

create or replace function set_time_zone(owner uuid, zone text) returns void language plpgsql as $$
begin
  lock table sales in share row exclusive mode;
  delete from sale_sums where account_id = owner;
  update accounts set time_zone = zone, has_chosen_zone = true where account_id = owner;
  perform add_sales_up(array_agg(s), 1) from sales s where s.account_id = owner;
end $$;
