import { expect, test } from "vitest";
import { receive } from "../../test-support/engine.ts";
import { virtualEngine } from "../../test-support/engines/virtual-engine.ts";
import { VolatileDisk } from "../storage/volatile-disk.ts";

test.each([0, 1, 7])(
  "units are free again in time where timers come %i ms early and nobody asks",
  async (earlyMs) => {
    const engine = virtualEngine(1, () => new VolatileDisk(), { earlyMs });
    await engine.core.start();
    const atMs = engine.scheduler.now();
    const reservation = {
      ...receive("A", "east", 4, "hold"),
      type: "reserve" as const,
      holdId: "cart",
      expiresAtMs: atMs + 40,
    };
    let done = false;
    engine.client.execute([receive("A", "east", 10, "stock"), reservation]).then((outcomes) => {
      expect(outcomes).toMatchObject([{ status: "applied" }, { status: "applied" }]);
      done = true;
    });
    await engine.time.run(() => done);
    expect(engine.client.available("A")).toBe(6);
    await engine.time.run(() => engine.client.available("A") === 10);
    expect(engine.scheduler.now() - atMs).toBeGreaterThanOrEqual(40);
    expect(engine.scheduler.now() - atMs).toBeLessThan(60);
  },
);
