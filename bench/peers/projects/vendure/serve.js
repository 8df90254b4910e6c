// The server; jobs run in it too, so that no second process competes for the processor.
const { bootstrap, JobQueueService } = require("@vendure/core");
const { config } = require("./shop");

bootstrap(config()).then((app) => app.get(JobQueueService).start());
