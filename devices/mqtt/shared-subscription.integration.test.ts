/**
 * Why a site's devices are one process's, and no shared subscription's (ADR 0080): what a real broker does
 * with the messages of one device where several consumers share a subscription. If one of these is true no
 * longer, the decision may be looked at again.
 */
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import { mosquittoInstalled, startMosquitto } from "../../test-support/servers/mosquitto.ts";

const MESSAGES = 200;
const FILTER = "$share/bridges/zebra/+/data";
const undone: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

async function broker(): Promise<string> {
  const mosquitto = await startMosquitto(["allow_anonymous true", "max_queued_messages 100000"]);
  undone.push(() => mosquitto.stop());
  return `mqtt://127.0.0.1:${mosquitto.port}`;
}

/** @param takesMs how long its effect takes, before it acknowledges; null: it hangs at its third */
async function consumer(url: string, clientId: string, takesMs: number | null, heard: number[]) {
  const client = await connectAsync(url, { clientId, clean: false, protocolVersion: 5, properties: EXPIRY });
  undone.push(() => client.endAsync(true));
  let count = 0;
  client.handleMessage = (packet, done) => {
    count += 1;
    if (takesMs === null && count > 2) return;
    setTimeout(() => {
      heard.push(Number(packet.payload));
      done();
    }, takesMs ?? 0);
  };
  await client.subscribeAsync(FILTER, { qos: 1 });
  return client;
}

const EXPIRY = { sessionExpiryInterval: 3_600 };

async function send(url: string): Promise<MqttClient> {
  const device = await connectAsync(url, { clientId: "gate-1" });
  undone.push(() => device.endAsync());
  for (let index = 0; index < MESSAGES; index += 1)
    await device.publishAsync("zebra/gate-1/data", String(index), { qos: 1 });
  return device;
}

describe.skipIf(!mosquittoInstalled)(
  `a shared subscription at mosquitto${mosquittoInstalled ? "" : " (skipped: install mosquitto)"}`,
  () => {
    test("has two consumers carry out one device's messages in another order than it sent them", async () => {
      const url = await broker();
      const heard: number[] = [];
      await consumer(url, "bridge-a", 1, heard);
      // One that has a commit to wait for.
      await consumer(url, "bridge-b", 5, heard);
      await send(url);
      await until(() => heard.length === MESSAGES);
      const overtaken = heard.filter((one, index) => heard.slice(0, index).some((other) => other > one));
      expect(new Set(heard).size).toBe(MESSAGES);
      expect(overtaken.length).toBeGreaterThan(MESSAGES / 10);
    });

    test("keeps for a consumer that died what it was given, while the other one waits for nothing", async () => {
      const url = await broker();
      const heard: number[] = [];
      await consumer(url, "bridge-a", 1, heard);
      const dies = await consumer(url, "bridge-b", null, heard);
      const device = await send(url);
      dies.stream.destroy();
      await dies.endAsync(true);
      await device.publishAsync("zebra/gate-1/data", String(MESSAGES), { qos: 1 });
      await pause(2_000);
      // Half of them are the dead one's, until it comes back or its session ends.
      expect(heard.length).toBeLessThan(MESSAGES * 0.7);
    });
  },
);

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (isSo()) return;
    await pause(50);
  }
  throw new Error("it did not come to that");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
