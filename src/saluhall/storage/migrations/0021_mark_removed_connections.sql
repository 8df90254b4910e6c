-- A removed connection stays for what refers to it: its orders, and its listings in case the same login is connected again.
alter table connections add column removed_at timestamptz;
