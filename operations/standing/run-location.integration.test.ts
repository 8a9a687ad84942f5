/** A location that a connected channel's vendor runs: set, refused, and worked with by the standing job. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import {
  type AmazonSimulator,
  amazonSimulator,
} from "../../integrations/channels/amazon/simulator/simulator.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { createProduct } from "../catalog/create-product.ts";
import { connectChannel, disconnectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "./channels.ts";

const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const logger = pino({ level: "silent" });

let world: CaptureWorld;
let seller: AmazonSimulator;
let work: { stop(): Promise<void> };

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east", "west"],
    [
      { id: "amazon", kind: "amazon" },
      { id: "amazon_eu", kind: "amazon" },
      { id: "etsy", kind: "etsy" },
      { id: "walmart", kind: "walmart" },
    ],
  );
  seller = await amazonSimulator.start({ webhookUrl: null, webhookSecret: "none", now: Date.now, logger });
  for (const sku of ["MUG", "POT"]) {
    const product = {
      weightGrams: 400,
      priceMinor: 1_299,
      currency: "USD",
      hsCode: "9405.41",
      originCountry: "VN",
    };
    await createProduct(world.context, { ...product, sku, name: sku, gtin: "80614141123458" }, "staff:1");
  }
  seller.warehouses.put("MUG", 12);
  seller.warehouses.put("POT", 3);
  seller.list({ channelSku: "MUG", title: "Mug", gtin: null, quantity: 0 });
  await world.context.allocator.execute([
    {
      type: "receive",
      commandId: "c-1",
      sku: "MUG",
      locationId: "east",
      quantity: 5,
      atMs: Date.now(),
      cause: "test",
    },
  ]);
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
}, 60_000);

afterAll(async () => {
  await work?.stop();
  await seller?.close();
  await world?.close();
});

const connect = (channelId: string, body: Parameters<typeof connectChannel>[2]["body"]) =>
  connectChannel(world.context, { desk, box }, { channelId, body, by: "staff:1" });

test("a location is run by one account, of a vendor that keeps goods, or the request says why not", async () => {
  const values = seller.account;
  expect(await connect("amazon", { values, runsLocation: "nowhere" })).toMatchObject({
    code: "location_not_found",
  });
  const etsy = { ETSY_SHOP_ID: "1", ETSY_KEYSTRING: "k", ETSY_REFRESH_TOKEN: "r" };
  expect(await connect("etsy", { values: etsy, untried: true, runsLocation: "west" })).toMatchObject({
    code: "channel_runs_no_location",
  });
  const walmart = { WALMART_CLIENT_ID: "c", WALMART_CLIENT_SECRET: "s" };
  expect(await connect("walmart", { values: walmart, untried: true, runsLocation: "west" })).toMatchObject({
    code: "channel_runs_no_location",
    detail: expect.stringContaining("WALMART_ORDER_CHANNEL"),
  });
  expect(await connect("amazon", { values, pollSeconds: 2, runsLocation: "west" })).toMatchObject({
    status: "done",
  });
  expect(await connect("amazon_eu", { values, runsLocation: "west" })).toMatchObject({
    code: "location_run_already",
    detail: expect.stringContaining('"amazon"'),
  });
  // What is left out stays as it is.
  expect(await connect("amazon", { bufferUnits: 1 })).toMatchObject({ status: "done" });
  const { rows } = await world.store.database.query("select channel_id, runs_location from channel_account");
  expect(rows).toEqual([{ channel_id: "amazon", runs_location: "west" }]);
});

test("an account that still has something to send keeps its location, and is not disconnected", async () => {
  await world.store.database.query(
    `insert into provider_request (fulfillment_order_id, order_id, channel_id, location_id, due_at)
     values ('o-1-F1', 'o-1', 'amazon', 'west', now() + interval '1 day')`,
  );
  expect(await connect("amazon", { runsLocation: null })).toMatchObject({ code: "requests_under_way" });
  expect(await connect("amazon", { runsLocation: "east" })).toMatchObject({ code: "requests_under_way" });
  expect(await disconnectChannel(world.context, { desk, box }, "amazon", "staff:1")).toMatchObject({
    code: "requests_under_way",
  });
  await world.store.database.query("delete from provider_request");
});

test("what lies there is booked at the location, and offered to every channel but the vendor's own", async () => {
  await expect
    .poll(
      async () => {
        const positions = await world.context.allocator.positions(["MUG", "POT"]);
        return positions
          .filter(({ locationId }) => locationId === "west")
          .map(({ sku, onHand }) => [sku, onHand])
          .sort();
      },
      { timeout: 15_000 },
    )
    .toEqual([
      ["MUG", 12],
      ["POT", 3],
    ]);
  expect(await world.context.allocator.available("MUG")).toBe(17);
  // Five in the east, less the one that is kept back; the twelve at Amazon are Amazon's to offer.
  await expect.poll(() => seller.levels().get("MUG"), { timeout: 30_000 }).toBe(4);
});
