-- How many calls in 24 hours the worker that started last may make at a channel: commands read it, in whatever environment they run.
alter table channel_budgets add column calls_per_day integer;
