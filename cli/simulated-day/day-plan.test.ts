import { expect, test } from "vitest";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { sandboxCatalog } from "../sandbox/catalog.ts";
import { SANDBOX_CHANNELS } from "../sandbox/company.ts";
import { planDay } from "./day-plan.ts";

const startsAt = new Date("2026-03-02T00:00:00Z");
const catalog = sandboxCatalog();
const day = planDay(catalog, { orders: 600, seed: "test", startsAt });

function readOne(channel: string, payload: string, topic: string | null) {
  const kind = SANDBOX_CHANNELS.find((one) => one.id === channel)?.kind ?? "";
  const [reading] = channelAdapters.get(kind)?.read(payload, topic) ?? [];
  return reading;
}

test("the same seed plays the same day, another seed another", () => {
  expect(planDay(catalog, { orders: 600, seed: "test", startsAt })).toEqual(day);
  const other = planDay(catalog, { orders: 600, seed: "other", startsAt });
  const ids = new Set(day.sendings.map((sending) => sending.order.externalId));
  expect(other.sendings.filter((sending) => ids.has(sending.order.externalId))).toEqual([]);
});

test("each channel's adapter reads every payload as the order that was planned, id and units exact", () => {
  const units = new Map<string, number>();
  const meanings = new Map(day.mappings.map((mapping) => [mapping.channelSku, mapping.sku]));
  for (const { channel, order } of day.sendings) {
    const reading = readOne(channel, order.payload, order.topic);
    if (reading?.kind !== "order") throw new Error(`${channel}: ${JSON.stringify(reading)}`);
    expect(reading.order.externalId).toBe(order.externalId);
    expect(reading.order.holdReasons).toEqual([]);
    expect(reading.order.shippingAddress?.country).toBe("US");
    for (const line of reading.order.lines) {
      const sku = meanings.get(line.channelSku) ?? line.channelSku;
      units.set(sku, (units.get(sku) ?? 0) + line.quantity);
    }
  }
  expect(units).toEqual(day.demand);
});

test("lines, shipping and taxes add up to the total that the channel states", () => {
  for (const { channel, order } of day.sendings) {
    const reading = readOne(channel, order.payload, order.topic);
    if (reading?.kind !== "order") throw new Error("not an order");
    const { lines, shippingPrice, shippingTaxes, total } = reading.order;
    const sum =
      lines.reduce(
        (all, line) =>
          all +
          line.unitPrice.minor * line.quantity -
          line.discount.minor +
          line.taxes.reduce((taxes, tax) => taxes + tax.amount.minor, 0),
        0,
      ) +
      shippingPrice.minor +
      shippingTaxes.reduce((taxes, tax) => taxes + tax.amount.minor, 0);
    expect(sum, `${channel} ${order.externalId}`).toBe(total.minor);
  }
});

test("a channel's cancellation is read as a cancellation of that order", () => {
  const cancelled = day.sendings.filter((sending) => sending.cancellation?.by === "channel");
  expect(cancelled.length).toBeGreaterThan(0);
  for (const { channel, order, cancellation } of cancelled) {
    if (cancellation?.by !== "channel") continue;
    const kind = SANDBOX_CHANNELS.find((one) => one.id === channel)?.kind ?? "";
    const readings =
      channelAdapters.get(kind)?.read(cancellation.message.payload, cancellation.message.topic) ?? [];
    const found = readings.find((reading) => reading.kind === "cancellation");
    expect(found?.kind === "cancellation" && found.externalId).toBe(order.externalId);
  }
});

test("the day has what days have: repeats, unknown SKUs, cancellations, every channel, best sellers", () => {
  expect(day.sendings.filter((sending) => sending.sentTwice).length).toBeGreaterThan(0);
  expect(day.mappings.length).toBeGreaterThan(0);
  expect(new Set(day.sendings.map((sending) => sending.channel)).size).toBe(5);
  const units = [...day.demand.values()].sort((a, b) => b - a);
  expect(units[0]).toBeGreaterThan(4 * (units[Math.floor(units.length / 2)] ?? 0));
});
