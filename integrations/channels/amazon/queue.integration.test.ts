/** The queue of Amazon's notifications over its simulator: SQS as it is, signed, at least once, in no order. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import type { ChannelMessage, ChannelMessages } from "../../../ports/channel-messages.ts";
import {
  faultOfCall,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  type ShopWorld,
} from "../../../test-support/vendors/connection-contract.ts";
import { hasVendor, openDescription, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { NO_SERVER_FAULTS } from "../../simulator-kit/faults.ts";
import { amazonAdapter } from "./adapter.ts";
import { createNotificationQueue, regionOf } from "./queue.ts";
import type { AmazonSimulator } from "./simulator/simulator.ts";
import { amazon } from "./vendor.ts";

type World = ShopWorld & { readonly shop: AmazonSimulator };

async function openQueue(): Promise<{ readonly world: World; readonly queue: ChannelMessages }> {
  const world = (await openShop(amazon)) as World;
  fillShop(world.shop);
  const { messages } = world.connection;
  if (messages === undefined) throw new Error("the account has a queue");
  return { world, queue: messages };
}

const soon = () => new AbortController().signal;

const orderIn = ({ payload }: ChannelMessage) => {
  const [reading] = amazonAdapter.read(payload, null);
  return reading?.kind === "changed" || reading?.kind === "cancellation" ? reading.externalId : null;
};

async function ask(world: World, key: string): Promise<void> {
  world.shop.warehouses.put("MUG", 10);
  const answer = await world.connection.fulfillment?.request({
    key,
    orderNumber: "1042",
    placedAt: "2026-11-02T09:00:00Z",
    speed: "standard",
    to: {
      name: "Ann Able",
      line1: "1 Main St",
      city: "Seattle",
      region: "WA",
      postalCode: "98115",
      country: "US",
    },
    email: "",
    items: [{ item: "1", sku: "MUG", quantity: 2 }],
  });
  expect(answer).toEqual({ status: "done" });
}

describe("messages", () => {
  test("are handed out once while they are worked on, and are gone once they are forgotten", async () => {
    const { world, queue } = await openQueue();
    const ids = [1, 2, 3].map((number) => placed(world.shop, plannedOrder(number)));
    const first = await queue.receive(soon());
    expect(first.map(orderIn)).toEqual(ids);
    const later = placed(world.shop, plannedOrder(4));
    expect((await queue.receive(soon())).map(orderIn)).toEqual([later]);
    await queue.forget(first);
    expect(world.shop.queue.waiting).toBe(1);
  });

  test("come ten at a time, and a call waits until one comes", async () => {
    const { world, queue } = await openQueue();
    for (let number = 1; number <= 12; number += 1) placed(world.shop, plannedOrder(number));
    expect(await queue.receive(soon())).toHaveLength(10);
    expect(await queue.receive(soon())).toHaveLength(2);
    const waiting = queue.receive(soon());
    const id = placed(world.shop, plannedOrder(13));
    expect((await waiting).map(orderIn)).toEqual([id]);
  });

  test("that come twice are two messages, each forgotten for itself; one that is lost never comes", async () => {
    const { world, queue } = await openQueue();
    world.shop.faults.rates = { ...NO_SERVER_FAULTS, webhookRepeatRate: 1 };
    const id = placed(world.shop, plannedOrder(1));
    world.shop.faults.rates = { ...NO_SERVER_FAULTS, webhookLossRate: 1 };
    placed(world.shop, plannedOrder(2));
    world.shop.faults.rates = NO_SERVER_FAULTS;
    const both = await queue.receive(soon());
    expect(both.map(orderIn)).toEqual([id, id]);
    await queue.forget(both);
    expect(world.shop.queue.waiting).toBe(0);
    // The queue has forgotten them: that is no fault.
    await queue.forget(both);
  });

  test("are waited for no longer than whoever asked wants them", async () => {
    const { queue } = await openQueue();
    const ending = new AbortController();
    const waiting = faultOfCall(() => queue.receive(ending.signal));
    ending.abort();
    expect(await waiting).toMatchObject({ code: "network_error", retryable: true });
  });

  test.skipIf(!hasVendor("amazon"))(
    `are what Amazon's schemas say, through all that becomes of a request${vendorNote("amazon")}`,
    async () => {
      const { world, queue } = await openQueue();
      await ask(world, "sent-1");
      await ask(world, "cancelled-1");
      await world.connection.fulfillment?.cancel("cancelled-1", []);
      placed(world.shop, plannedOrder(1));
      const seen: unknown[] = [];
      // Received, worked on, sent.
      for (const passedMs of [0, 8_000, 13_000]) {
        world.pass(passedMs);
        const found = await queue.receive(soon());
        seen.push(...found.map(({ payload }) => JSON.parse(payload)));
        await queue.forget(found);
      }
      const schemas = new Map(
        ["OrderChange", "FulfillmentOrderStatus"].map((name) => [
          `${name}Notification`,
          openDescription(`amazon/notifications/${name}Notification.schema.json`),
        ]),
      );
      const problems = seen.flatMap((notification) => {
        const [name = ""] = Object.keys((notification as { Payload: object }).Payload);
        return schemas.get(name)?.problems("#", notification) ?? [`no schema of ${name}`];
      });
      expect(problems).toEqual([]);
      const told = seen.flatMap((notification) => {
        const { Payload } = notification as { Payload: Record<string, Record<string, unknown>> };
        const change = Payload["FulfillmentOrderStatusNotification"];
        return change === undefined
          ? []
          : [[change["SellerFulfillmentOrderId"], change["FulfillmentOrderStatus"]]];
      });
      expect(told).toEqual(
        expect.arrayContaining([
          ["sent-1", "Received"],
          ["cancelled-1", "Cancelled"],
          ["sent-1", "Processing"],
          ["sent-1", "Complete"],
        ]),
      );
    },
  );
});

describe("a queue that cannot be read", () => {
  test("says why: a false key, another's queue, a clock that is far off", async () => {
    const { world } = await openQueue();
    const { account } = world.shop.queue;
    const good = {
      url: account["AMAZON_QUEUE_URL"] ?? "",
      accessKeyId: account["AMAZON_QUEUE_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: account["AMAZON_QUEUE_SECRET_ACCESS_KEY"] ?? "",
    };
    const faultWith = (changed: Partial<typeof good>, now: () => number = Date.now) =>
      faultOfCall(() => createNotificationQueue({ ...good, ...changed }, { timeoutMs: 2_000, now }).look());
    await createNotificationQueue(good, { timeoutMs: 2_000, now: Date.now }).look();
    const unauthorized = { code: "unauthorized", retryable: false };
    expect(await faultWith({ secretAccessKey: "another" })).toMatchObject(unauthorized);
    expect(await faultWith({ accessKeyId: "AKIAANOTHER" })).toMatchObject(unauthorized);
    expect(await faultWith({}, () => Date.now() - 3 * 86_400_000)).toMatchObject(unauthorized);
    expect(await faultWith({ url: `${good.url}-of-another` })).toMatchObject({
      code: "queue_not_found",
      retryable: false,
    });
  });

  test("is put off while it is busy, and is away while its service is", async () => {
    const { world, queue } = await openQueue();
    world.shop.faults.rates = { ...NO_SERVER_FAULTS, throttleRate: 1 };
    expect(await faultOfCall(() => queue.receive(soon()))).toMatchObject({
      code: "rate_limited",
      retryable: true,
    });
    world.shop.faults.rates = { ...NO_SERVER_FAULTS, errorRate: 1 };
    expect(await faultOfCall(() => queue.receive(soon()))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
  });

  test.each([
    ["com.amazonaws.sqs#OverLimit", 400, { code: "rate_limited", retryable: true }],
    ["com.amazonaws.kms#KmsThrottled", 400, { code: "rate_limited", retryable: true }],
    ["com.amazon.coral.service#ExpiredTokenException", 403, { code: "unauthorized", retryable: false }],
    ["com.amazonaws.sqs#InvalidSecurity", 400, { code: "unauthorized", retryable: false }],
    ["com.amazonaws.sqs#KmsAccessDenied", 400, { code: "unauthorized", retryable: false }],
    ["AWS.SimpleQueueService.NonExistentQueue", 400, { code: "queue_not_found", retryable: false }],
    ["com.amazonaws.sqs#ReceiptHandleIsInvalid", 404, { code: "refused", retryable: false }],
    ["", 503, { code: "unavailable", retryable: true }],
    [null, 0, { code: "timeout", retryable: true }],
  ])("that answers %s with %i", async (type, status, expected) => {
    const server = createServer((_, response) => {
      // One that hangs takes the call and says nothing.
      if (type === null) return;
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      response.end(type === "" ? "<html>" : JSON.stringify({ __type: type }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/1/orders`;
      const queue = createNotificationQueue(
        { url, accessKeyId: "AKIA", secretAccessKey: "secret" },
        { timeoutMs: 300, now: Date.now },
      );
      expect(await faultOfCall(() => queue.look())).toMatchObject(expected);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("is signed for its region, whichever kind of address it has", () => {
    const regions = [
      "https://sqs.eu-west-1.amazonaws.com/1/q",
      "https://sqs.cn-north-1.amazonaws.com.cn/1/q",
      "https://sqs-fips.us-west-2.amazonaws.com/1/q",
      "https://sqs.us-gov-west-1.api.aws/1/q",
      "https://vpce-0a1-b2c.sqs.eu-central-1.vpce.amazonaws.com/1/q",
      "https://ap-northeast-1.queue.amazonaws.com/1/q",
      "https://queue.amazonaws.com/1/q",
      "http://127.0.0.1:9324/1/q",
    ].map(regionOf);
    expect(regions).toEqual([
      "eu-west-1",
      "cn-north-1",
      "us-west-2",
      "us-gov-west-1",
      "eu-central-1",
      "ap-northeast-1",
      "us-east-1",
      "us-east-1",
    ]);
  });

  test("is no FIFO queue, to which Amazon writes nothing", () => {
    const variable = amazon.api?.variables.find(({ name }) => name === "AMAZON_QUEUE_URL");
    const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
    expect(variable?.problemOf?.(url)).toBeNull();
    expect(variable?.problemOf?.(`${url}.fifo`)).toContain("FIFO");
  });
});
