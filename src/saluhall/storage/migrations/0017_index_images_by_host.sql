-- Images are claimed by the host they are at: one that is slow holds back neither those of other hosts nor those of other accounts.
create index images_host_idx on images (account_id, lower(split_part(source_url, '/', 3)), due_at) where due_at is not null;
