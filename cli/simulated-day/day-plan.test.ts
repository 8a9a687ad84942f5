import { expect, test } from "vitest";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import { isOurs } from "../../orders/order.ts";
import { sumAndTotal } from "../../test-support/vendors/channel-orders.ts";
import { sandboxCatalog } from "../sandbox/catalog.ts";
import { SANDBOX_CHANNELS } from "../sandbox/company.ts";
import { SANDBOX_KITS } from "../sandbox/kits.ts";
import { type PlannedSending, planDay } from "./day-plan.ts";
import { STORIES, type Story } from "./stories.ts";

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
  const kits = new Map(SANDBOX_KITS.map((kit) => [kit.sku, kit.components]));
  for (const { channel, order, story, edits } of day.sendings) {
    const reading = readOne(channel, order.payload, order.topic);
    if (reading?.kind !== "order") throw new Error(`${channel}: ${JSON.stringify(reading)}`);
    expect(reading.order.externalId).toBe(order.externalId);
    const waits = reading.order.holdReasons.map((reason) => reason.code);
    expect(waits).toEqual(story === "paid_later" ? ["payment_pending"] : []);
    expect(reading.order.shippingAddress?.country).toBe("US");
    const more = edits.flatMap((edit) => {
      if (edit.kind === "add_line") return [{ channelSku: edit.sku ?? "", quantity: edit.quantity }];
      const [first] = reading.order.lines;
      const isMore = edit.kind === "quantity" && first !== undefined && edit.quantity > first.quantity;
      return isMore ? [{ ...first, quantity: edit.quantity - first.quantity }] : [];
    });
    for (const line of [...reading.order.lines.filter(isOurs), ...more]) {
      const sku = meanings.get(line.channelSku) ?? line.channelSku;
      for (const part of kits.get(sku) ?? [{ sku, quantity: 1 }]) {
        units.set(part.sku, (units.get(part.sku) ?? 0) + part.quantity * line.quantity);
      }
    }
  }
  const demand = new Map(day.demand);
  for (const [sku, count] of day.demandAtStore) demand.set(sku, (demand.get(sku) ?? 0) + count);
  expect(units).toEqual(demand);
});

test("what the channel states as total is what the order's parts come to, and what was planned", () => {
  for (const { channel, order, totalMinor } of day.sendings) {
    const reading = readOne(channel, order.payload, order.topic);
    if (reading?.kind !== "order") throw new Error("not an order");
    expect(sumAndTotal(reading.order), `${channel} ${order.externalId}`).toEqual([totalMinor, totalMinor]);
  }
});

const told = (story: Story) => day.sendings.filter((sending) => sending.story === story);

function readLater({ channel, later }: PlannedSending) {
  const kind = SANDBOX_CHANNELS.find((one) => one.id === channel)?.kind ?? "";
  return later === null ? [] : (channelAdapters.get(kind)?.read(later.payload, later.topic) ?? []);
}

test("a channel's cancellation is read as a cancellation of that order", () => {
  const cancelled = told("cancelled").filter(({ later }) => later !== null);
  expect(cancelled.length).toBeGreaterThan(0);
  for (const sending of cancelled) {
    const found = readLater(sending).find((reading) => reading.kind === "cancellation");
    expect(found?.kind === "cancellation" && found.externalId).toBe(sending.order.externalId);
  }
});

test.each<[Story, (order: IncomingOrder) => boolean]>([
  ["paid_later", (order) => order.holdReasons.length === 0],
  ["by_marketplace", (order) => order.lines.every((line) => line.fulfilledElsewhere === line.quantity)],
  ["refunded_at_channel", (order) => order.holdReasons[0]?.code === "refunded_at_channel"],
])("what a channel says later of an order that is %s is newer, and says so", (story, says) => {
  expect(told(story).length).toBeGreaterThan(0);
  for (const sending of told(story)) {
    const before = readOne(sending.channel, sending.order.payload, sending.order.topic);
    const [after] = readLater(sending);
    if (before?.kind !== "order" || after?.kind !== "order") throw new Error("not an order");
    expect(after.order.externalId).toBe(before.order.externalId);
    expect(Date.parse(after.order.updatedAt)).toBeGreaterThan(Date.parse(before.order.updatedAt));
    expect(says(before.order)).toBe(false);
    expect(says(after.order)).toBe(true);
  }
});

test("an order's meaning is read from the channel's own fields", () => {
  const orders = (story: Story) =>
    told(story).flatMap(({ channel, order }) => {
      const reading = readOne(channel, order.payload, order.topic);
      return reading?.kind === "order" ? [reading.order] : [];
    });
  for (const { delivery } of orders("collected")) {
    expect(delivery?.method).toBe("pickup");
    expect(delivery?.locationId ?? delivery?.place).toMatch(/^(store-portland|Portland store)$/);
  }
  for (const { paymentBy } of orders("cash_on_delivery")) expect(paymentBy).toBe("on_delivery");
  for (const { lines } of orders("by_marketplace")) {
    expect(lines.map((line) => line.fulfilledBy)).not.toContain(undefined);
  }
  for (const { lines } of orders("digital_only")) expect(lines.map((line) => line.kind)).toEqual(["digital"]);
  for (const { lines } of orders("digital_too")) expect(lines.at(-1)?.kind).toBe("digital");
  for (const { lines } of orders("tip")) expect(lines.at(-1)?.kind).toBe("tip");
});

test("the day has what days have: every story, repeats, every channel, best sellers", () => {
  for (const story of Object.keys(STORIES) as Story[]) expect(told(story).length, story).toBeGreaterThan(0);
  const plain = day.sendings.filter(({ story }) => story === null).length;
  expect(plain).toBeGreaterThan(day.sendings.length / 2);
  expect(day.sendings.filter((sending) => sending.sentTwice).length).toBeGreaterThan(0);
  expect(day.mappings.length).toBeGreaterThan(0);
  expect(new Set(day.sendings.map((sending) => sending.channel)).size).toBe(5);
  const units = [...day.demand.values()].sort((a, b) => b - a);
  expect(units[0]).toBeGreaterThan(4 * (units[Math.floor(units.length / 2)] ?? 0));
});

test("a short day has no stories that it has no room for, a day of a hundred orders has them all", () => {
  const storiesOf = (orders: number) =>
    new Set(
      planDay(catalog, { orders, seed: "short", startsAt }).sendings.flatMap(({ story }) => story ?? []),
    );
  expect(storiesOf(1).size).toBe(0);
  expect([...storiesOf(200)].sort()).toEqual(Object.keys(STORIES).sort());
});
