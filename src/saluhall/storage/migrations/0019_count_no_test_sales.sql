-- A test event (`saluhall trigger`) says `item.sold` of a product that was not sold: analytics do not count it.
drop trigger events_sold_directly on events;
create trigger events_sold_directly after insert on events for each row
  when (new.type = 'item.sold' and new.data ->> 'platform' = 'rheo' and not new.data ? 'test')
  execute function product_sold_directly();
