/** Companies at one broker: who may have which topics, and that nobody's devices are heard by another. */
import { randomUUID } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CompanyIdentity } from "../../store/catalog/companies.ts";
import { mosquittoInstalled, startMosquitto } from "../../test-support/servers/mosquitto.ts";
import { startBroker } from "./broker.ts";
import { BrokerTakenError, takeBroker } from "./broker-plate.ts";

const logger = pino({ level: "silent" });
const ACME: CompanyIdentity = { identity: randomUUID(), name: "Acme" };
const BOLT: CompanyIdentity = { identity: randomUUID(), name: "Bolt" };

const BROKERS = {
  "the sandbox's broker": async () => startBroker({ host: "127.0.0.1", port: 0, logger }),
  ...(mosquittoInstalled ? { mosquitto: () => startMosquitto(["allow_anonymous true"]) } : {}),
};

describe.each(Object.entries(BROKERS))("at %s", (_name, start) => {
  let broker: { readonly port: number; stop(): Promise<unknown> };
  let observer: MqttClient;
  let retained: Map<string, string>;
  beforeAll(async () => {
    broker = await start();
    observer = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    retained = new Map();
    observer.on("message", (topic, payload) => {
      if (payload.length === 0) retained.delete(topic);
      else retained.set(topic, payload.toString());
    });
    await observer.subscribeAsync("#", { qos: 1 });
  });
  afterEach(async () => {
    for (const topic of retained.keys()) await observer.publishAsync(topic, "", { retain: true, qos: 1 });
    await expect.poll(() => [...retained.keys()]).toEqual([]);
  });
  afterAll(async () => {
    await observer?.endAsync(true);
    await broker?.stop();
  });

  const take = (company: CompanyIdentity, prefix?: string) =>
    takeBroker(
      {
        url: `mqtt://127.0.0.1:${broker.port}`,
        protocolVersion: 4,
        ...(prefix === undefined ? {} : { topicPrefix: prefix }),
      },
      company,
    );
  const plates = () =>
    Object.fromEntries([...retained].map(([topic, text]) => [topic, JSON.parse(text).name as string]));

  test("each company has its prefix, as often as it comes, and no other company's", async () => {
    await take(ACME, "acme");
    await take(BOLT, "bolt");
    await take(ACME, "acme");
    await expect(take(BOLT, "acme")).rejects.toThrow(
      /devices of another company: Acme \(acme\/holdfast\/company\)/,
    );
    await expect.poll(plates).toEqual({ "acme/holdfast/company": "Acme", "bolt/holdfast/company": "Bolt" });
  });

  test("a company without a prefix has the whole broker, and is let on nobody else's", async () => {
    await take(ACME);
    await expect(take(BOLT)).rejects.toThrow(BrokerTakenError);
    await expect(take(BOLT, "bolt")).rejects.toThrow("(holdfast/company)");
    // With a prefix its former plate is gone, and the others may come.
    await take(ACME, "acme");
    await take(BOLT, "bolt");
    await expect(take(BOLT)).rejects.toThrow("(acme/holdfast/company)");
    await expect.poll(plates).toEqual({ "acme/holdfast/company": "Acme", "bolt/holdfast/company": "Bolt" });
  });

  test("of ten that come at once for one prefix, one has it, and the broker says so", async () => {
    const companies = Array.from({ length: 10 }, (_, index) => ({
      identity: randomUUID(),
      name: `C${index}`,
    }));
    const outcomes = await Promise.allSettled(companies.map((company) => take(company, "acme")));
    const letIn = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [`C${index}`] : []));
    expect(letIn).toHaveLength(1);
    await expect.poll(plates).toEqual({ "acme/holdfast/company": letIn[0] });
  });

  test("a company that has another name now says so", async () => {
    await take(ACME, "acme");
    await take({ ...ACME, name: "Acme Outfitters" }, "acme");
    await expect.poll(plates).toEqual({ "acme/holdfast/company": "Acme Outfitters" });
  });
});
