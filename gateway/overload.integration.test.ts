import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EngineError } from "../engine/errors.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

const COMMAND = {
  type: "receive",
  sku: "TEE-1",
  locationId: "east",
  quantity: 1,
  atMs: 0,
  cause: "delivery",
};

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

/** The engine's next call of `execute` finds it full. */
function overloadOnce(): void {
  vi.spyOn(world.engine.client, "execute").mockRejectedValueOnce(
    new EngineError("engine_overloaded", "66,000 commands wait already", { retryAfterMs: 1_300 }),
  );
}

describe("an engine that has as much work as it can take", () => {
  it("is told by 503, Retry-After and retryAfterMs, and the very same request is welcome later", async () => {
    overloadOnce();
    const json = { commands: [{ ...COMMAND, commandId: "rest-1" }] };
    const refused = await world.call("POST", "/v1/stock/commands", { json });
    expect(refused.status).toBe(503);
    // Whole seconds, never too early.
    expect(refused.headers.get("retry-after")).toBe("2");
    expect(refused.json).toMatchObject({ code: "engine_overloaded", retryAfterMs: 1_300 });
    const accepted = await world.call("POST", "/v1/stock/commands", { json });
    expect(accepted.status).toBe(200);
    expect(accepted.json.outcomes).toMatchObject([{ status: "applied" }]);
  });

  it("is told on the stream with retryAfterMs, to the message that it concerns and to no other", async () => {
    const client = await world.connect();
    overloadOnce();
    client.send(
      { id: "a", type: "stock.execute", commands: [{ ...COMMAND, commandId: "stream-1" }] },
      { id: "b", type: "stock.execute", commands: [{ ...COMMAND, commandId: "stream-2" }] },
    );
    const [refused, done] = await Promise.all([client.reply("a"), client.reply("b")]);
    expect(refused).toMatchObject({ type: "error", code: "engine_overloaded", retryAfterMs: 1_300 });
    expect(done).toMatchObject({ type: "stock.executed", outcomes: [{ status: "applied" }] });
    client.socket.close();
  });
});
