/** `holdfast webhook` and `holdfast account` against a real gateway. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { VendorAccountDetail } from "../contract/settings/vendor-accounts.ts";
import type { WebhookDeliveryView, WebhookSubscriptionView } from "../contract/settings/webhooks.ts";
import { openVendorDesk } from "../integrations/vendor-desk.ts";
import { createWebhookSender } from "../integrations/webhooks/webhook-sender.ts";
import { deliverWebhooks } from "../operations/webhooks/deliver.ts";
import { readStoredAccounts } from "../store/settings/vendor-accounts.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { eventually } from "../test-support/saga-world.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";
import { STRIPE_KEY, startTestSandbox, type TestSandbox } from "../test-support/vendors/simulator-sandbox.ts";
import { vendorsOf } from "../test-support/vendors/vendors.ts";

let world: GatewayWorld;
let sandbox: TestSandbox;
let receiver: Server;
let folder: string;
let address = "";
const sender = createWebhookSender({ allowedNetworks: ["127.0.0.0/8"] });

beforeAll(async () => {
  sandbox = await startTestSandbox();
  receiver = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/holdfast`;
  world = await startGatewayWorld(undefined, {
    webhookSender: sender,
    desk: (database, box) =>
      openVendorDesk({
        environment: vendorsOf({}),
        context: {
          isProduction: false,
          isPlainRefused: () => false,
          simulators: { http: sandbox.url, smtp: sandbox.smtpUrl },
        },
        read: () => readStoredAccounts(database, box),
        now: Date.now,
        logger: pino({ level: "silent" }),
      }),
  });
  folder = mkdtempSync(join(tmpdir(), "holdfast-webhook-"));
});
afterAll(async () => {
  await world?.close();
  await sandbox?.stop();
  receiver?.closeAllConnections();
  receiver?.close();
  rmSync(folder, { recursive: true, force: true });
});

const holdfast = (...args: readonly string[]) => runAsAdmin(world, args, folder);

test("a webhook is made, tried, told, replayed, switched off and removed", async () => {
  const made = await holdfast("webhook", "create", "erp", "--to", address, "--events", "order.captured");
  expect([made.status, made.stderr]).toEqual([0, ""]);
  expect(made.stdout).toMatch(/secret {2}whsec_/);
  expect((await holdfast("webhook", "test", "erp")).stdout).toMatch(/^taken with 200 after \d+ ms\n$/);
  expect((await holdfast("webhook", "test", "erp", "--type", "shipment.delivered")).status).toBe(0);
  expect((await holdfast("webhook", "events")).stdout).toContain("stock_position.changed");
  const order = await world.call("POST", "/v1/orders", {
    json: canonicalOrder("told"),
    headers: { "idempotency-key": "told" },
  });
  const context = { database: world.database, now: Date.now, box: world.secrets, sender };
  const [message] = await eventually("it is told", async () => {
    await deliverWebhooks(context, "erp");
    const told = jsonLines<WebhookDeliveryView>(await holdfast("webhook", "deliveries", "erp", "--json"));
    return told.length > 0 ? told : undefined;
  });
  expect(message).toMatchObject({ orderId: order.json.order, state: "delivered", attempts: 1 });
  expect((await holdfast("webhook", "replay", "erp", message?.messageId ?? "")).status).toBe(0);
  const about = ["--about", message?.messageId ?? ""];
  expect((await holdfast("webhook", "deliveries", "erp", ...about)).stdout).toMatch(/200 in \d+ ms/);
  const range = ["--from", "2026-11-29T08:00:00Z", "--to", "2026-11-29T12:00:00Z", "--events", "order.*"];
  const [replay] = jsonLines<{ readonly id: string }>(
    await holdfast("webhook", "replay-range", "erp", ...range, "--json"),
  );
  expect((await holdfast("webhook", "replays", "erp")).stdout).toContain("2026-11-29T08:00:00.000Z");
  expect((await holdfast("webhook", "cancel-replay", "erp", replay?.id ?? "")).status).toBe(0);
  const [changed] = jsonLines<WebhookSubscriptionView>(
    await holdfast("webhook", "update", "erp", "--ordering", "key", "--locations", "east", "--json"),
  );
  expect(changed).toMatchObject({ ordering: "key", locations: ["east"] });
  const [off] = jsonLines<WebhookSubscriptionView>(await holdfast("webhook", "disable", "erp", "--json"));
  expect(off).toMatchObject({ active: false, events: ["order.captured"] });
  expect((await holdfast("webhook", "rotate-secret", "erp", "--overlap-hours", "0")).stdout).toMatch(
    /whsec_/,
  );
  expect((await holdfast("webhook", "remove", "erp")).stdout).toBe("erp is told nothing any more.\n");
  expect((await holdfast("webhook", "list")).stdout).toBe("Nobody is told.\n");
});

test("an account is set with its secret from a file, tried, switched off and removed", async () => {
  const file = join(folder, "key");
  writeFileSync(file, `${STRIPE_KEY}\n`);
  const given = ["--value", `STRIPE_BASE_URL=${sandbox.url}`, "--secret-file", `STRIPE_SECRET_KEY=${file}`];
  const made = await holdfast("account", "create", "payments", "stripe", "eu", "--name", "Europe", ...given);
  expect([made.status, made.stderr]).toEqual([0, ""]);
  expect(made.stdout).not.toContain(STRIPE_KEY);
  expect((await holdfast("account", "try", "payments", "stripe", "eu")).stdout).toContain("works");
  const [off] = jsonLines<VendorAccountDetail>(
    await holdfast("account", "disable", "payments", "stripe", "eu", "--json"),
  );
  expect(off).toMatchObject({ active: false, secrets: ["STRIPE_SECRET_KEY"] });
  expect((await holdfast("account", "remove", "payments", "stripe", "eu")).stdout).toBe("eu is removed.\n");
});

test.each([
  [["webhook", "create", "bad", "--to", "https://10.0.0.1/"], 1, "webhook_url_refused"],
  [["webhook", "create", "bad"], 2, "--to"],
  [["webhook", "update", "bad", "--ordering", "random"], 2, "--ordering"],
  [["webhook", "show", "nobody"], 1, "webhook_subscription_not_found"],
  [["account", "show", "payments", "stripe", "nobody"], 1, "vendor_account_not_found"],
  [["account", "create", "payments", "stripe", "x", "--value", "STRIPE"], 2, "--value"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await holdfast(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});
