/**
 * The contract of the channel port, for every adapter in the registry: over the vendor's own samples, which
 * lie in its folder (real shapes, our own data), and over the sample orders of the sandbox.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_PAYLOAD_ORDERS } from "../../config/limits.ts";
import { projectRoot } from "../../config/project-root.ts";
import { Random } from "../../config/seeded-random.ts";
import type { ChannelReading } from "../../ports/channels.ts";
import { ownSample, ownSamples } from "../../test-support/vendors/channel-samples.ts";
import { vendorExamples, vendorNote } from "../../test-support/vendors/vendor-descriptions.ts";
import type { PlannedOrder } from "../simulator-kit/planned-order.ts";
import { randomShopper } from "../simulator-kit/shopper.ts";
import { channelVendors } from "./registry.ts";

const orderIds = (readings: readonly ChannelReading[]) =>
  readings.flatMap((reading) => (reading.kind === "order" ? [reading.order.externalId] : []));

function plannedOrder(seed: string, channel: string): PlannedOrder {
  const random = new Random(seed);
  return {
    channel,
    number: random.integer(1, 9_999),
    placedAt: new Date("2026-10-01T10:00:00Z"),
    shopper: randomShopper(random),
    lines: [
      { channelSku: "A-1", title: "First", quantity: 1, priceMinor: 1_999, weightGrams: 100 },
      { channelSku: "B-2", title: "Second", quantity: 3, priceMinor: 333, weightGrams: 50 },
    ],
    shippingMinor: 799,
    service: "standard",
    taxPercent: 8.875,
  };
}

describe.each(channelVendors.map((vendor) => [vendor.adapter.kind, vendor] as const))(
  "%s",
  (kind, vendor) => {
    const { adapter } = vendor;

    test("each of its samples is read: orders as orders, words of a change as such, the rest refused", () => {
      const samples = ownSamples(kind);
      expect(samples.some(({ name }) => !name.startsWith("not-an-order"))).toBe(true);
      for (const { name, text } of samples) {
        const readings = adapter.read(text, null);
        expect([name, readings.length > 0]).toEqual([name, true]);
        for (const reading of readings) {
          const expected = name.startsWith("not-an-order")
            ? { kind: "refused", refusal: { code: "not_an_order" } }
            : { kind: name.startsWith("changed-order") ? "changed" : "order" };
          expect(reading, name).toMatchObject(expected);
          if (reading.kind === "order") expect(text).toContain(reading.order.externalId);
        }
      }
    });

    test("every sample order of the sandbox is read with its id, its lines and its money exact", async () => {
      const writer = await vendor.sampleOrders();
      for (let index = 0; index < 50; index += 1) {
        const random = new Random(`${kind}-${index}`);
        const planned = plannedOrder(`${kind}:${index}`, kind);
        const written = writer.write(planned, random);
        const readings = adapter.read(written.payload, written.topic);
        expect(orderIds(readings)).toEqual([written.externalId]);
        const [reading] = readings;
        if (reading?.kind !== "order") throw new Error("not an order");
        const tax = Math.round((1_999 * 8.875) / 100) + Math.round((999 * 8.875) / 100);
        expect(reading.order.lines.map((line) => [line.channelSku, line.quantity])).toEqual([
          ["A-1", 1],
          ["B-2", 3],
        ]);
        expect(reading.order.total).toEqual({ minor: 1_999 + 999 + 799 + tax, currency: "USD", exponent: 2 });
        const cancelled = writer.cancel?.(written);
        if (cancelled === undefined) continue;
        expect(adapter.read(cancelled.payload, cancelled.topic)).toContainEqual(
          expect.objectContaining({ kind: "cancellation", externalId: written.externalId }),
        );
      }
    });

    test("an order under a topic that ends orders, which no signature covers, ends nothing", () => {
      for (const { name, text } of ownSamples(kind).filter(({ name }) => !name.includes("cancelled")))
        for (const topic of ["orders/delete", "orders/cancelled", "order.deleted", "order.cancelled"])
          expect(
            adapter.read(text, topic).filter((reading) => reading.kind === "cancellation"),
            `${name} as ${topic}`,
          ).toEqual([]);
    });

    test("a list of more orders than one request may hold is answered in one sentence", () => {
      const entries = Array.from({ length: MAX_PAYLOAD_ORDERS + 1 }, () => "1").join(",");
      for (const payload of [`[${entries}]`, `{"orders":[${entries}]}`, `{"order":[${entries}]}`])
        expect(adapter.read(payload, null)).toMatchObject([{ kind: "refused" }]);
    });

    test("what is cut short, or is no JSON, is refused with a code and never throws", () => {
      const [sample] = ownSamples(kind);
      const text = sample?.text ?? "";
      fc.assert(
        fc.property(fc.nat(text.trimEnd().length - 1), (length) => {
          expect(adapter.read(text.slice(0, length), null)).toMatchObject([
            { kind: "refused", refusal: { code: "malformed_payload" } },
          ]);
        }),
        { numRuns: 50 },
      );
    });

    test("nothing that was begun from the connector kit is left to be filled in", () => {
      const folder = join(projectRoot, "integrations", "channels", kind);
      const guide = join(projectRoot, "docs", "channels", `${kind}.md`);
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      );
      const left = [...files, ...(existsSync(guide) ? [guide] : [])]
        .filter((file) => /\.(ts|md)$/.test(file))
        .flatMap((file) =>
          readFileSync(file, "utf8")
            .split("\n")
            .flatMap((line, index) =>
              line.includes("Fill in:")
                ? [`${relative(projectRoot, file)}:${index + 1} ${line.replace(/^\W+/, "")}`]
                : [],
            ),
        );
      expect(left).toEqual([]);
    });

    test("is where people look for it: in the command's help and, with an API, in the list of guides", () => {
      const help = readFileSync(join(projectRoot, "cli", "commands", "channel.ts"), "utf8");
      const [, kinds = ""] = /what its orders are written in: ([a-z0-9, ]+)"/.exec(help) ?? [];
      expect(kinds.split(", ")).toContain(kind);
      const list = readFileSync(join(projectRoot, "docs", "channels", "README.md"), "utf8");
      if (vendor.api !== undefined) expect(list).toContain(`](${kind}.md)`);
    });

    test("one that has an API has a guide, which names each setting of its account", () => {
      if (vendor.api === undefined) return;
      const guide = readFileSync(join(projectRoot, "docs", "channels", `${kind}.md`), "utf8");
      const names = vendor.api.variables.map(({ name }) => name);
      expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
    });

    test(`each example of the vendor's own is read without throwing${vendorNote(kind)}`, () => {
      for (const { file, text } of vendorExamples(kind)) {
        const readings = adapter.read(text, null);
        expect([file, readings.length > 0 || text.trim() === "[]"]).toEqual([file, true]);
      }
    });

    test("a webhook without a signature, or with one cut short, is not opened", () => {
      const names = ["x-shopify-hmac-sha256", "x-wc-webhook-signature", "webhook-signature"];
      const body = Buffer.from("{}");
      expect(adapter.openWebhook({}, body, "secret")).toBeNull();
      for (const value of ["", "v1,", "AAAA"]) {
        const headers = Object.fromEntries(names.map((name) => [name, value]));
        expect(adapter.openWebhook(headers, body, "secret")).toBeNull();
      }
    });
  },
);

const adapterOf = (kind: string) => {
  const found = channelVendors.find(({ adapter }) => adapter.kind === kind);
  if (found === undefined) throw new Error(`no channel ${kind}`);
  return found.adapter;
};

test("Shopify's ids beyond 2^53 keep every digit", () => {
  const [reading] = adapterOf("shopify").read(ownSample("shopify", "order-created.json"), "orders/create");
  expect(reading).toMatchObject({
    kind: "order",
    order: {
      externalId: "9007199254740993017",
      customer: { externalId: "9007199254740995011" },
      lines: [{ externalLineId: "9007199254740997003" }, { externalLineId: "9007199254740997004" }],
      total: { minor: 12_915 },
      paymentBy: "channel",
    },
  });
});

test("Shopify's cancellation brings the order along", () => {
  const readings = adapterOf("shopify").read(
    ownSample("shopify", "order-cancelled.json"),
    "orders/cancelled",
  );
  expect(readings.map(({ kind }) => kind)).toEqual(["order", "cancellation"]);
});

test("Amazon's documents about one order join into one, in any order", () => {
  const amazon = adapterOf("amazon");
  const documents = ["order", "order-items", "order-address", "order-buyer"].map((name) =>
    ownSample("amazon", `${name}.json`),
  );
  for (const list of [documents, [...documents].reverse()]) {
    const [joined, ...more] = amazon.join(list);
    expect(more).toEqual([]);
    expect(amazon.read(joined ?? "", null)).toMatchObject([
      {
        kind: "order",
        order: {
          externalId: "113-4456712-0093318",
          shippingAddress: { name: "Kai Lindqvist", region: "ME", postalCode: "04101" },
          lines: [{ channelSku: "BTL-750", quantity: 3 }],
          total: { minor: 6_630, currency: "USD" },
          holdReasons: [],
        },
      },
    ]);
  }
});

test("each order of a Walmart list carries its own part of the payload", () => {
  const walmart = adapterOf("walmart");
  const readings = walmart.read(ownSample("walmart", "orders.json"), null);
  expect(orderIds(readings)).toEqual(["108877665544332", "108877665544333"]);
  for (const reading of readings) {
    if (reading.kind !== "order") throw new Error("not an order");
    expect(walmart.read(reading.source ?? "", null)).toMatchObject([{ kind: "order", order: reading.order }]);
  }
  expect(readings[1]).toMatchObject({ order: { holdReasons: [], lines: [{ fulfilledElsewhere: 1 }] } });
});

test("a WooCommerce order keeps its line totals, taxes and alphabet", () => {
  const [reading] = adapterOf("woocommerce").read(ownSample("woocommerce", "order.json"), null);
  expect(reading).toMatchObject({
    kind: "order",
    order: {
      externalId: "48213",
      customer: { name: "Łucja Wójcik" },
      lines: [{ channelSku: "CAP-W", quantity: 2, unitPrice: { minor: 2_000 }, taxes: [{ name: "VAT" }] }],
      total: { minor: 5_343, currency: "EUR" },
    },
  });
});
