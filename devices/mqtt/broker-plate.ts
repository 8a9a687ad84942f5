/**
 * Which company may speak with devices at a broker, below which prefix. Two bridges with the same topics
 * would act on each other's devices, and take each other's sessions away.
 *
 * The broker itself keeps the company's name plate: a retained message below its prefix. MQTT cannot set a
 * message only if there is none, so who comes says so and then listens: the broker gives all of them the
 * messages of a topic in one order, and the first plate counts.
 *
 * P1 Nothing is taken over before: the look has a session of a name that nobody else has.
 * P2 A company without a prefix has the whole broker: with others on it, it is refused, and so are they.
 */
import { randomUUID } from "node:crypto";
import { connect, type MqttClient } from "mqtt";
import { withoutPassword } from "../../config/without-password.ts";
import type { CompanyIdentity } from "../../store/catalog/companies.ts";
import { connectionOptions, firstConnection, type MqttConnection } from "./mqtt-session.ts";
import { topicPrefix } from "./topic-prefix.ts";

/** Another company has these topics at the broker. Nothing was taken over. */
export class BrokerTakenError extends Error {
  override readonly name = "BrokerTakenError";
  readonly code = "broker_taken";
  /** Topic of the other one's plate: whoever empties it takes it away. */
  readonly topic: string;

  constructor(url: string, { topic, name }: Plate) {
    super(`the broker ${withoutPassword(url)} has devices of another company: ${name} (${topic})`);
    this.topic = topic;
  }
}

/** Below the prefix. No device's topic has two levels. */
const PLATE_TOPIC = "holdfast/company";
/** How long the broker may take for an answer. Milliseconds. */
const ANSWER_MS = 10_000;

type Plate = { readonly topic: string; readonly identity: string; readonly name: string };

/** @throws BrokerTakenError, or Error where the broker cannot be used */
export async function takeBroker(connection: MqttConnection, company: CompanyIdentity): Promise<void> {
  const client = connect(connection.url, {
    clientId: `holdfast-plate-${randomUUID().slice(0, 8)}`,
    clean: true,
    ...connectionOptions(connection),
    reconnectPeriod: 500,
    connectTimeout: 5_000,
  });
  // What fails shows in what is waited for.
  client.on("error", () => {});
  try {
    await firstConnection(client).catch((cause: unknown) => {
      throw new Error(`no MQTT session at ${withoutPassword(connection.url)}`, { cause });
    });
    const taken = await settle(client, connection.topicPrefix, company);
    if (taken !== null) throw new BrokerTakenError(connection.url, taken);
  } finally {
    await client.endAsync(true);
  }
}

/** @returns the plate of another company that counts; null: ours does */
async function settle(
  client: MqttClient,
  prefix: string | undefined,
  company: CompanyIdentity,
): Promise<Plate | null> {
  const topic = topicPrefix(prefix).put(PLATE_TOPIC);
  const plates: Plate[] = [];
  const heard = new Set<string>();
  let wake = (): void => {};
  client.on("message", (from, payload) => {
    heard.add(from);
    const plate = readPlate(from, payload);
    if (plate !== null) plates.push(plate);
    wake();
  });
  const until = async (what: () => boolean): Promise<void> => {
    const deadline = Date.now() + ANSWER_MS;
    while (!what()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error("the MQTT broker does not keep or return retained messages");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const others = prefix === undefined ? `+/${PLATE_TOPIC}` : PLATE_TOPIC;
  // A broker that does not let us hear of others keeps them off our topics as well.
  await client.subscribeAsync(others, { qos: 1 }).catch(() => undefined);
  // What a broker has kept it sends in its order: with the mark, everything that was there before has come.
  const mark = `${topic}/${randomUUID()}`;
  await client.publishAsync(mark, "mark", { qos: 1, retain: true });
  await client.subscribeAsync([topic, mark], { qos: 1 });
  await until(() => heard.has(mark));
  await client.publishAsync(mark, "", { qos: 1, retain: true });
  const foreign = (): Plate | undefined => plates.find(({ identity }) => identity !== company.identity);
  const before = foreign();
  if (before !== undefined) return before;
  const keep = (at: string, plate: string) => client.publishAsync(at, plate, { qos: 1, retain: true });
  // It had another prefix, or none.
  for (const former of plates) if (former.topic !== topic) await keep(former.topic, "");
  const ours = ({ topic: at, identity, name }: Plate): boolean =>
    at === topic && identity === company.identity && name === company.name;
  if (plates.some(ours)) return null;
  await keep(topic, JSON.stringify(company));
  await until(() => plates.some(ours));
  const other = foreign();
  if (other === undefined) return null;
  const first = plates.find((plate) => plate.topic === topic);
  if (first?.identity === company.identity && other.topic === topic) return null;
  // Two came at once, and the other counts: what the broker keeps is to say so.
  const { identity, name } = other;
  await keep(topic, other.topic === topic ? JSON.stringify({ identity, name }) : "");
  return other;
}

function readPlate(topic: string, payload: Buffer): Plate | null {
  if (!topic.endsWith(PLATE_TOPIC) || payload.length === 0) return null;
  try {
    const { identity, name } = JSON.parse(payload.toString()) as Partial<Plate>;
    if (typeof identity === "string") return { topic, identity, name: String(name) };
  } catch {
    // Not ours: told below.
  }
  return { topic, identity: "", name: "something that is no Holdfast" };
}
