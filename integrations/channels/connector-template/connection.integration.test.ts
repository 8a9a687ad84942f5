import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import {
  describeConnection,
  fillShop,
  openShop,
  placed,
  plannedOrder,
} from "../../../test-support/vendors/connection-contract.ts";
import { cornershop } from "./vendor.ts";

// Fill in: where a description of the vendor's API is at hand, `examine` holds every exchange against it;
// where it cannot count a word once, or knows no lines of a parcel, the options say so.
describeConnection(cornershop);

// Fill in: what is special about the vendor, a test each. This one goes where it sends no webhooks.
test("a webhook is signed as the adapter opens it, and a changed one is not opened", async () => {
  const taken: { readonly headers: Record<string, string>; readonly body: Buffer }[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      taken.push({ headers: message.headers as Record<string, string>, body: Buffer.concat(chunks) });
      response.writeHead(200).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
    const world = await openShop(cornershop, { webhookUrl });
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    await expect.poll(() => taken.length).toBe(1);
    const [first] = taken;
    if (first === undefined) throw new Error("none came");
    const { adapter } = cornershop;
    const opened = adapter.openWebhook(first.headers, first.body, "a-secret-of-webhooks");
    expect(opened).not.toBeNull();
    const [reading] = adapter.read(first.body.toString(), opened?.topic ?? null);
    expect(JSON.stringify(reading)).toContain(id);
    expect(adapter.openWebhook(first.headers, first.body, "another-secret")).toBeNull();
    const forged = Buffer.from(first.body.toString().replace(id, "999999999"));
    expect(forged.equals(first.body)).toBe(false);
    expect(adapter.openWebhook(first.headers, forged, "a-secret-of-webhooks")).toBeNull();
  } finally {
    server.close();
  }
});
