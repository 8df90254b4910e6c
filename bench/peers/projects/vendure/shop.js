// Vendure as a peer: the core alone, without plugins, on the database and port that the environment names.
const { DefaultLogger, LogLevel } = require("@vendure/core");

module.exports.config = (more = {}) => ({
  apiOptions: {
    hostname: "127.0.0.1",
    port: Number(process.env.PORT ?? 0),
    adminApiPath: "admin-api",
    adminListQueryLimit: 10000,
    introspection: false,
    cors: false,
  },
  authOptions: {
    tokenMethod: "bearer",
    superadminCredentials: { identifier: "bench", password: process.env.PEER_SECRET },
    cookieOptions: { secret: process.env.PEER_SECRET },
  },
  dbConnectionOptions: {
    type: "postgres",
    host: process.env.DATABASE_SOCKET,
    username: process.env.DATABASE_USER,
    database: process.env.DATABASE_NAME,
    synchronize: false,
    logging: false,
    ...more,
  },
  importExportOptions: { importAssetsDir: __dirname },
  paymentOptions: { paymentMethodHandlers: [] },
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: false }),
});
