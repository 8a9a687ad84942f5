/** Production as an operator runs it: `holdfast serve` in processes of its own, on real servers. */
import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { newSecretKeyLine } from "../config/secret-box.ts";
import { type Broker, startBroker } from "../devices/mqtt/broker.ts";
import { eventually } from "../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { createTestNamespace, type TestTemporal } from "../test-support/servers/temporal.ts";
import { runCommand } from "../test-support/system.ts";
import { TASK_QUEUE } from "../workflows/messages.ts";
import { freePort } from "./embedded/free-port.ts";

const SECRETS_KEY = newSecretKeyLine("tests");

let store: TestDatabase;
let temporal: TestTemporal;
let broker: Broker;
const running: ChildProcess[] = [];

beforeAll(async () => {
  store = await createTestDatabase({ isUsed: false });
  temporal = await createTestNamespace();
  broker = await startBroker({
    host: "127.0.0.1",
    port: await freePort(),
    logger: pino({ level: "silent" }),
  });
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await broker.stop();
  await store.close();
});

test("of two on one database the first says that it is fenced and ends with status 3, the second has all of it", async () => {
  const made = await holdfast(
    ["setup", "--json", "--company", "Acme", "--time-zone", "UTC", "--currency", "USD"],
    ["--admin-email", "ada@acme.test", "--admin-password-file", "-", "--location", "Reno"],
    [
      "--address",
      "1 Main St",
      "--city",
      "Reno",
      "--region",
      "NV",
      "--postal-code",
      "89501",
      "--country",
      "US",
    ],
  );
  expect(made.status, made.stderr).toBe(0);
  const first = await serve();
  // One that cannot start takes nothing over.
  const others = await namespaceOfOthers();
  await expect(serve({ TEMPORAL_NAMESPACE: others })).rejects.toThrow("sagas of another database");
  const unreadable = { TEMPORAL_TLS: "on", TEMPORAL_CA_FILE: "/nowhere/ca.pem" };
  await expect(serve(unreadable)).rejects.toThrow("TEMPORAL_CA_FILE");
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  const second = await serve();
  const { status, output } = await first.ended;

  expect(status, output()).toBe(3);
  expect(output()).toContain("has taken over");
  expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
  second.child.kill("SIGTERM");
  expect((await second.ended).status, second.output()).toBe(0);
}, 120_000);

test("a role that is none, and a part of the roles without Redis, are refused by what is wrong", async () => {
  const unknown = await holdfast(["serve", "--role", "gateway,stock"]);
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toContain(
    'HOLDFAST_ROLES must name roles of gateway, engine, worker, devices, jobs, with commas between them, and "stock" is none',
  );
  const alone = await holdfast(["serve", "--role", "gateway"]);
  expect(alone.stderr).toContain(
    "REDIS_URL is not set, and the roles gateway reach the engine's process by it",
  );
  const { stdout } = await holdfast(["serve", "--help"]);
  expect(stdout).toMatch(/jobs\s+the standing jobs; one process at a time, others stand by/);
});

const environment = () => ({
  ...process.env,
  DATABASE_URL: store.url,
  HOLDFAST_SECRETS_KEY: SECRETS_KEY,
});

function holdfast(...args: readonly (readonly string[])[]) {
  return runCommand(args.flat(), {
    cwd: tmpdir(),
    environment: environment(),
    input: "violet-harbour-lantern-42",
  });
}

async function namespaceOfOthers(): Promise<string> {
  const { address, namespace } = await createTestNamespace();
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    await client.workflow.start("orderFulfillment", {
      workflowId: "of-others",
      taskQueue: TASK_QUEUE,
      args: [{ orderId: "of-others", channelId: "shop", onHold: true }],
    });
    await eventually("it is seen", async () => (await client.workflow.count()).count === 1);
    return namespace;
  } finally {
    await connection.close();
  }
}

async function serve(more: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [join(projectRoot, "bin", "holdfast.js"), "serve"], {
    env: {
      ...environment(),
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
      HOLDFAST_PORT: String(port),
      HOLDFAST_PUBLIC_URL: url,
      STRIPE_SECRET_KEY: "sk_test_51J8Qz2eZvKYlo2C0aBcDe",
      EASYPOST_API_KEY: "EZTK9f8e7d6c5b4a39281706",
      EASYPOST_WEBHOOK_SECRET: "Zp3kV9wQ7rT1yU5mB8nC",
      SMTP_URL: "smtp://127.0.0.1:2525",
      HOLDFAST_MAIL_FROM: "orders@shop.test",
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let text = "";
  const output = () => text.slice(-4_000);
  const ended = new Promise<{ status: number | null; output: () => string }>((resolve) => {
    child.once("exit", (status) => resolve({ status, output }));
  });
  await new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      text += chunk.toString("utf8");
      if (text.includes('"msg":"ready"')) resolve();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("exit", () => reject(new Error(`it did not start:\n${output()}`)));
  });
  return { child, url, output, ended };
}
