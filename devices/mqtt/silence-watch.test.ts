import { expect, it } from "vitest";
import type { Device } from "./device-registry.ts";
import { SilenceWatch } from "./silence-watch.ts";

it("calls a device silent after its kind's time, of which none counts while nobody could be heard", () => {
  const devices = (["robot", "conveyor"] as const).map(
    (kind) =>
      ({ row: { id: kind, kind, settings: {} }, connection: "online", heardAt: 0 }) as unknown as Device,
  );
  const silent: string[] = [];
  let hears = true;
  const watch = new SilenceWatch(
    { all: () => devices, silent: (device) => silent.push(device.row.id) },
    () => hears,
  );
  watch.look(34_999);
  expect(silent).toEqual([]);
  hears = false;
  watch.look(60_000);
  hears = true;
  watch.look(94_999);
  expect(silent).toEqual([]);
  watch.look(95_000);
  expect(silent).toEqual(["robot"]);
});
