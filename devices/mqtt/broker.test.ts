import { connectAsync } from "mqtt";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { startBroker } from "./broker.ts";

const logger = pino({ level: "silent" });

describe("the embedded broker", () => {
  it("lets in who knows name and password, and nobody else", async () => {
    const secured = { username: "bridge", password: "pass", logger };
    const broker = await startBroker({ host: "127.0.0.1", port: 0, ...secured });
    const url = `mqtt://127.0.0.1:${broker.port}`;
    await expect(connectAsync(url, { reconnectPeriod: 0 })).rejects.toThrow();
    const wrong = { username: "bridge", password: "guess", reconnectPeriod: 0 };
    await expect(connectAsync(url, wrong)).rejects.toMatchObject({ code: 4 });
    const client = await connectAsync(url, { username: "bridge", password: "pass" });
    expect(client.connected).toBe(true);
    await client.endAsync();
    await broker.stop();
  });

  it("says which port is taken", async () => {
    const first = await startBroker({ host: "127.0.0.1", port: 0, logger });
    await expect(startBroker({ host: "127.0.0.1", port: first.port, logger })).rejects.toMatchObject({
      code: "broker_port_in_use",
      message: `MQTT port ${first.port} on 127.0.0.1 is in use: stop what uses it, or set another port`,
    });
    await first.stop();
  });

  it("serves everybody else while one subscriber reads nothing of a flood", async () => {
    const broker = await startBroker({ host: "127.0.0.1", port: 0, logger });
    const connect = () => connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    const [stuck, flooder, reader, sender] = await Promise.all([connect(), connect(), connect(), connect()]);
    await stuck.subscribeAsync("flood");
    await reader.subscribeAsync("news");
    let read = 0;
    const allRead = new Promise<void>((resolve) => {
      reader.on("message", () => {
        read += 1;
        if (read === 3_000) resolve();
      });
    });
    stuck.stream.pause();
    const bulk = Buffer.alloc(16_384);
    for (let sent = 0; sent < 3_000; sent += 1) flooder.publish("flood", bulk);
    for (let sent = 0; sent < 3_000; sent += 1) sender.publish("news", "n");
    await allRead;
    for (const client of [stuck, flooder, reader, sender]) await client.endAsync(true);
    await broker.stop();
  });
});
