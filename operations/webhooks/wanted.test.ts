import { expect, test } from "vitest";
import { isWanted, type WantedEvents } from "./wanted.ts";

const wants = (
  given: Partial<WantedEvents>,
  event: { type: string; channelId?: string; locationId?: string } = {
    type: "shipment.delivered",
    channelId: "web",
  },
) =>
  isWanted(
    { events: null, channelId: null, locations: null, ...given },
    { channelId: null, locationId: null, ...event },
  );

test("a webhook wants its types, areas and channel", () => {
  expect(wants({})).toBe(true);
  expect(wants({ events: ["shipment.*"] })).toBe(true);
  expect(wants({ events: ["shipment.delivered"] })).toBe(true);
  expect(wants({ events: ["order.*", "ship.*", "shipment"] })).toBe(false);
  expect(wants({ channelId: "web" })).toBe(true);
  expect(wants({ events: ["shipment.*"], channelId: "shopify" })).toBe(false);
});

test("of what happens at a place it wants its places, and what happens at none all the same", () => {
  const scan = { type: "device.error", locationId: "east" };
  expect(wants({ locations: ["east"] }, scan)).toBe(true);
  expect(wants({ locations: ["west"] }, scan)).toBe(false);
  expect(wants({ locations: ["west"] })).toBe(true);
  // What is of no channel is not told to who is told of one.
  expect(wants({ channelId: "web" }, scan)).toBe(false);
});
