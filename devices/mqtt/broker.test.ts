import { connectAsync, type IClientOptions } from "mqtt";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { startBroker } from "./broker.ts";

const logger = pino({ level: "silent" });

describe("the embedded broker", () => {
  const guarded = async () => {
    const broker = await startBroker({
      host: "127.0.0.1",
      port: 0,
      logger,
      access: async (username, password) =>
        password === `secret of ${username}`
          ? { publish: [`from/${username}/+`], subscribe: [`to/${username}`] }
          : null,
    });
    const connect = (username: string, options: IClientOptions = {}) =>
      connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
        username,
        password: `secret of ${username}`,
        reconnectPeriod: 0,
        ...options,
      });
    return { broker, connect };
  };

  it("lets in who knows name and password, and nobody else", async () => {
    const { broker, connect } = await guarded();
    const url = `mqtt://127.0.0.1:${broker.port}`;
    await expect(connectAsync(url, { reconnectPeriod: 0 })).rejects.toMatchObject({ code: 4 });
    await expect(connect("bridge", { password: "guess" })).rejects.toMatchObject({ code: 4 });
    const client = await connect("bridge");
    expect(client.connected).toBe(true);
    await client.endAsync();
    await broker.stop();
  });

  it("lets a client speak on its own topics only, and hear what is said to it only", async () => {
    const { broker, connect } = await guarded();
    const [good, bad] = [await connect("good"), await connect("bad")];
    const heard: string[] = [];
    good.on("message", (topic) => heard.push(topic));
    await good.subscribeAsync("to/good");
    await expect(bad.subscribeAsync("#")).rejects.toThrow();
    await expect(bad.subscribeAsync("to/good")).rejects.toThrow();
    const closed = new Promise<void>((resolve) => bad.once("close", () => resolve()));
    bad.publish("to/good", "forged");
    await closed;
    expect(good.connected).toBe(true);
    await good.publishAsync("from/good/state", "mine", { qos: 1 });
    expect(heard).toEqual([]);
    await good.endAsync(true);
    await bad.endAsync(true);
    await broker.stop();
  });

  it("passes on the last will of a client on its own topics only", async () => {
    const broker = await startBroker({
      host: "127.0.0.1",
      port: 0,
      logger,
      access: async (username) => ({ publish: [`from/${username}`], subscribe: ["#"] }),
    });
    const connect = (username: string, topic: string) =>
      connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
        username,
        reconnectPeriod: 0,
        will: { topic, payload: Buffer.from(`${username} is gone`), qos: 0, retain: false },
      });
    const [reader, forger, honest] = [
      await connect("reader", "from/reader"),
      await connect("forger", "from/honest"),
      await connect("honest", "from/honest"),
    ];
    const wills: string[] = [];
    reader.on("message", (_topic, payload) => wills.push(payload.toString()));
    await reader.subscribeAsync("from/#");
    for (const client of [forger, honest]) {
      const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
      client.stream.destroy();
      await closed;
    }
    await expect.poll(() => wills).toEqual(["honest is gone"]);
    await reader.endAsync(true);
    await broker.stop();
  });

  it("speaks MQTT 3.1.1, and tells a client of MQTT 5 that it does not speak that", async () => {
    const { broker, connect } = await guarded();
    const client = await connect("old", { protocolVersion: 4 });
    await client.publishAsync("from/old/state", "x", { qos: 1 });
    await client.endAsync();
    await expect(connect("new", { protocolVersion: 5 })).rejects.toThrow();
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
