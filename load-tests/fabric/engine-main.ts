/**
 * An engine in a process of its own that others reach over Redis: `engine-main.js DATABASE_URL REDIS_URL COMPANY`.
 * Says `ready`, then answers each message of its parent with the processor time that it has used, in
 * microseconds.
 */
import { pino } from "pino";
import { startEngine } from "../../engine/engine.ts";
import { EngineDoor } from "../../engine/fabric/engine-door.ts";
import { FabricLink } from "../../engine/fabric/fabric-link.ts";

const [databaseUrl = "", redisUrl = "", company = ""] = process.argv.slice(2);
const logger = pino({ level: "warn" }, pino.destination(2));
const engine = await startEngine({ databaseUrl, threads: 2, shards: 16, logger });
const link = new FabricLink({ url: redisUrl, ca: null, company, self: engine.owner, logger });
const door = new EngineDoor({
  link,
  own: engine.client,
  allocator: engine.client,
  shards: engine,
  operation: () => Promise.reject(new Error("no operation is measured")),
  logger,
});
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.once("disconnect", async () => {
  await door.stop();
  link.stop();
  await engine.stop();
  process.exit(0);
});
process.send?.("ready");
