"""Recording what happened: one place appends to the event log and makes the deliveries to webhook endpoints due."""
