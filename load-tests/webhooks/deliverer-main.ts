/**
 * A process that delivers webhooks as the role `jobs` does, until its parent lets go of it or kills it. The
 * key under which secrets are sealed comes by the environment.
 */
import { pino } from "pino";
import { readSecretKeys, SecretBox } from "../../config/secret-box.ts";
import { createWebhookSender } from "../../integrations/webhooks/webhook-sender.ts";
import { runWebhooks } from "../../operations/standing/webhooks.ts";
import { openDatabase } from "../../store/sql/database.ts";

const [databaseUrl] = process.argv.slice(2);
const keys = readSecretKeys(process.env["WEBHOOKS_TEST_KEY"] ?? "");
if (databaseUrl === undefined || keys.status !== "ok")
  throw new Error("usage: WEBHOOKS_TEST_KEY=<id:key> deliverer-main DATABASE_URL");
const database = openDatabase(databaseUrl, { maxConnections: 16 });
const job = runWebhooks(
  {
    database,
    now: Date.now,
    box: new SecretBox(keys.keys),
    sender: createWebhookSender({ allowedNetworks: ["127.0.0.0/8"] }),
  },
  pino({ level: "error" }, pino.destination(2)),
);
process.send?.("ready");
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000 });
});
process.on("disconnect", () => {
  void job
    .stop()
    .then(() => database.end())
    .then(() => process.exit(0));
});
