/**
 * The sandbox's shop: bought from over its page, read and told over its real wire format, the same after a
 * restart.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { passingSecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { type Simulators, startSimulators } from "../../integrations/simulators.ts";
import { runChannels } from "../../operations/standing/channels.ts";
import { startTestEdge, type TestEdge } from "../../test-support/edge.ts";
import { SANDBOX_VENDORS } from "../../test-support/vendors/simulator-sandbox.ts";
import { shopGoods } from "./catalog.ts";
import { connectSandboxShop } from "./connected-shop.ts";

const logger = pino({ level: "silent" });
const box = passingSecretBox();
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const [first] = shopGoods();
const sku = first?.sku ?? "";

let edge: TestEdge;
let folder = "";
let simulators: Simulators;
let work: { stop(): Promise<void> };

async function start(): Promise<void> {
  simulators = await startSimulators({
    host: "127.0.0.1",
    httpPort: 0,
    smtpPort: 0,
    dataFolder: folder,
    webhooksUrl: "http://127.0.0.1:9/webhooks",
    vendors: SANDBOX_VENDORS,
    goods: shopGoods(),
    logger,
  });
  await connectSandboxShop(edge.database, box, simulators.shopAccount ?? {});
  const { database, allocator } = edge;
  const context = { database, allocator, parcelLimit: () => null, now: Date.now };
  work = runChannels({ context, box, desk, adapters: channelAdapters }, logger);
}

async function stop(): Promise<void> {
  await work?.stop();
  await simulators?.stop();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-shop-"));
  edge = await startTestEdge({ dashboardFolder: "", staffPassword: "a password of the tests 1" });
  await start();
}, 90_000);

afterAll(async () => {
  await stop();
  await edge?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Shop = {
  readonly orders: readonly { readonly externalId: string }[];
  readonly levels: Record<string, number>;
};

const page = (): string => `http://127.0.0.1:${simulators.httpPort}/simulation/shop`;
const shop = async (): Promise<Shop> => (await (await fetch(page())).json()) as Shop;
const buy = (body: object) => fetch(page(), { method: "POST", body: JSON.stringify(body) });

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("its goods are on sale with what the sandbox has of them, and what is bought is here within seconds", async () => {
  await eventually("stock is told", async () => ((await shop()).levels[sku] ?? 0) > 0);
  const before = (await shop()).levels[sku] ?? 0;
  const bought = await buy({ sku, quantity: 2 });
  const { order } = (await bought.json()) as { readonly order: string };
  expect(bought.status).toBe(200);
  await eventually("it is here", async () => {
    const { rowCount } = await edge.database.query("select from orders where id = $1 and status = 'open'", [
      `store-${order}`,
    ]);
    return rowCount === 1;
  });
  await eventually("the rest is shown", async () => (await shop()).levels[sku] === before - 2);
  expect((await buy({ sku: "NO-SUCH" })).status).toBe(400);
  expect((await buy({ sku, quantity: 0 })).status).toBe(400);
});

test("after a restart it has its orders and its stock, and who has disconnected it finds it so", async () => {
  const before = await shop();
  await stop();
  await start();
  expect((await shop()).orders).toEqual(before.orders);
  const bought = (await (await buy({ sku })).json()) as { readonly order: string };
  expect(before.orders.map(({ externalId }) => externalId)).not.toContain(bought.order);
  await eventually("read at its new address", async () => {
    const { rowCount } = await edge.database.query("select from orders where id = $1", [
      `store-${bought.order}`,
    ]);
    return rowCount === 1;
  });
  await edge.database.query("delete from channel_account where channel_id = 'store'");
  await stop();
  await start();
  const { rowCount } = await edge.database.query("select from channel_account where channel_id = 'store'");
  expect(rowCount).toBe(0);
});
