/**
 * `holdfast send` with the channels' own published payloads against a whole system: each becomes one order,
 * sending again doubles nothing, and orders with unknown SKUs wait for a mapping and then go all the way to
 * the door.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import type { UnmappedSku } from "../contract/catalog.ts";
import type { CaptureResult, OrderView } from "../contract/orders.ts";
import { jsonLines, TestSystem } from "../test-support/system.ts";
import { RestClient } from "./client/rest.ts";

/** Real payloads are not part of the repository. */
const SAMPLES = join(projectRoot, "..", "shared", "data", "channels");
const MINUTE = 60_000;

describe.skipIf(!existsSync(SAMPLES))(`the channels' own payloads (in ${SAMPLES})`, () => {
  let system: TestSystem;
  let rest: RestClient;

  beforeAll(async () => {
    system = await TestSystem.start();
    const access = await system.access();
    rest = new RestClient(access);
    await fetch(`${access.simulatorsUrl}/simulation`, {
      method: "POST",
      body: JSON.stringify({ speed: 100 }),
    });
  }, 5 * MINUTE);
  afterAll(async () => {
    await system.destroy();
  }, MINUTE);

  const send = async (channel: string, ...paths: readonly string[]) => {
    const outcome = await system.run([
      "send",
      "--channel",
      channel,
      "--json",
      ...paths.map((path) => join(SAMPLES, path)),
    ]);
    return { outcome, results: jsonLines<CaptureResult>(outcome) };
  };

  test("a Shopify order is captured and held by name, its ids exact", async () => {
    const { outcome, results } = await send("shopify", "shopify/orders-create.2025-07.json");
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      order: "shopify-820982911946154508",
      channel: "shopify",
      externalId: "820982911946154508",
      outcome: "held",
    });
    expect(results[0]?.holdReasons?.map((reason) => reason.code)).toContain("unknown_sku");
    expect(results[0]?.lines.map((line) => line.channelSku)).toEqual([
      "SKU2006-001",
      "SKU2006-020",
      "SKU2006-035",
    ]);
    const { document } = await rest.get<OrderView>("/v1/orders/shopify-820982911946154508");
    expect(document.externalIds["admin_graphql_api_id"]).toBe("gid://shopify/Order/820982911946154508");
    expect(document.lines.map((line) => line.externalLineId)).toEqual([
      "487817672276298554",
      "976318377106520349",
      "315789986012684393",
    ]);
  });

  test("a whole folder of Amazon's responses becomes one order each, however often it is sent", async () => {
    const first = await send("amazon", "amazon");
    const orders = first.results.filter((result) => result.order !== null);
    expect(new Set(orders.map((result) => result.order)).size).toBe(orders.length);
    expect(orders.map((result) => result.externalId)).toContain("902-1845936-5435065");
    const again = await send("amazon", "amazon");
    expect(
      again.results.filter((result) => result.order !== null).map((result) => [result.order, result.outcome]),
    ).toEqual(orders.map((result) => [result.order, "duplicate"]));
  });

  test("Walmart's and WooCommerce's files are read, and what is no order is passed over by name", async () => {
    const walmart = await send("walmart", "walmart");
    expect(walmart.results.filter((result) => result.outcome === "held").length).toBeGreaterThan(10);
    const ignored = walmart.results.filter((result) => result.outcome === "ignored");
    expect(ignored.map((result) => result.code)).toEqual(["not_an_order"]);
    expect(walmart.outcome.status).toBe(0);
    const again = await send("walmart", "walmart");
    expect(again.results.filter((result) => result.outcome === "held")).toEqual([]);
  });

  test(
    "an order whose SKUs are mapped goes on by itself to the door",
    async () => {
      const { results } = await send("woocommerce", "woocommerce/v3-order-1.json");
      expect(results[0]).toMatchObject({ order: "woocommerce-727", outcome: "held" });
      const listed = jsonLines<UnmappedSku>(await system.run(["map-sku", "--json"]));
      expect(listed).toContainEqual(expect.objectContaining({ channel: "woocommerce", channelSku: "Bar3" }));

      for (const [channelSku, sku] of [
        ["product_id:93", "CUP-ENM-MOSS"],
        ["Bar3", "SHT-TRV-M"],
      ] as const) {
        const mapped = await system.run(["map-sku", "--channel", "woocommerce", channelSku, sku]);
        expect(mapped.status, mapped.stderr).toBe(0);
      }
      const watched = await system.run(["order", "woocommerce-727", "--watch"]);
      expect(watched.status, watched.stderr).toBe(0);
      expect(watched.stdout).toContain("order.captured");
      expect(watched.stdout).toContain("shipment.shipped");
      expect(watched.stdout).toContain("Completed.");
      const { lines } = await rest.get<OrderView>("/v1/orders/woocommerce-727");
      expect(lines.map((line) => [line.sku, line.delivered])).toEqual([
        ["CUP-ENM-MOSS", 2],
        ["SHT-TRV-M", 1],
      ]);
    },
    5 * MINUTE,
  );

  test("standard input, a bad file and an unknown channel", async () => {
    const piped = await system.run(["send", "--channel", "web", "-", "--json"], '{"id": "W-1"}');
    expect(piped.status).toBe(1);
    expect(jsonLines<CaptureResult>(piped)).toMatchObject([
      { outcome: "refused", code: "malformed_payload" },
    ]);
    const missing = await system.run(["send", "--channel", "web", "no-such-file.json"]);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain("no-such-file.json does not exist");
    const unknown = await system.run(["send", "--channel", "nowhere", "-"], "{}");
    expect(unknown.status).toBe(1);
    expect(unknown.stderr + unknown.stdout).toMatch(/channel/);
  });
});
