/** A vendor that replaces its refresh token with each use, as Etsy does: the newest one is what is kept. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import { readChannelAccount } from "../../store/channels/accounts.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { connectChannel, tryChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";

const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const logger = pino({ level: process.env["CHANNELS_LOG"] ?? "silent" });

let world: CaptureWorld;
let shop: ChannelSimulator;
let work: { stop(): Promise<void> } | null = null;

beforeAll(async () => {
  world = await startCaptureWorld(["east"], [{ id: "etsy", kind: "etsy" }]);
  const vendor = channelVendors.find(({ adapter }) => adapter.kind === "etsy");
  const simulator = await vendor?.api?.simulator();
  if (simulator === undefined) throw new Error("no simulator");
  shop = await simulator.start({ webhookUrl: null, webhookSecret: "none", now: Date.now, logger });
}, 60_000);

afterAll(async () => {
  await work?.stop();
  await shop?.close();
  await world?.close();
});

const kept = async (): Promise<string | undefined> =>
  (await readChannelAccount(world.store.database, box, "etsy"))?.secrets["ETSY_REFRESH_TOKEN"];

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 10_000;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const lookedAt = async (): Promise<{ at: number; problem: string | null }> => {
  const { rows } = await world.store.database.query<{ at: Date | null; problem: string | null }>(
    "select looked_at as at, problem_code as problem from channel_progress where channel_id = 'etsy'",
  );
  return { at: rows[0]?.at?.getTime() ?? 0, problem: rows[0]?.problem ?? null };
};

async function looksAgain(): Promise<void> {
  const before = (await lookedAt()).at;
  await eventually("it is looked at again", async () => (await lookedAt()).at > before);
  expect((await lookedAt()).problem).toBeNull();
}

test("the token that a trial has used up is not the one that is saved", async () => {
  const first = shop.account["ETSY_REFRESH_TOKEN"];
  const connected = await connectChannel(
    world.context,
    { desk, box },
    { channelId: "etsy", body: { values: shop.account, pollSeconds: 2 }, by: "staff:1" },
  );
  expect(connected.status).toBe("done");
  expect(await kept()).not.toBe(first);
  const saved = await kept();
  expect(await tryChannel(world.context, { desk, box }, "etsy", {})).toMatchObject({ works: true });
  expect(await kept()).not.toBe(saved);
});

test("whoever begins after a restart has the newest token, and a replaced one restarts nobody", async () => {
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
  await looksAgain();
  const before = await kept();
  shop.expireTokens();
  await looksAgain();
  expect(await kept()).not.toBe(before);
  await work.stop();
  shop.expireTokens();
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
  await looksAgain();
}, 30_000);

test("a channel that was locked out is read again as soon as a good secret is entered", async () => {
  const good = await kept();
  const enter = (token: string, untried: boolean) =>
    connectChannel(
      world.context,
      { desk, box },
      { channelId: "etsy", body: { values: { ETSY_REFRESH_TOKEN: token }, untried }, by: "staff:1" },
    );
  await enter("12345678.no-such-token-0123456789", true);
  await eventually("it is locked out", async () => (await lookedAt()).problem !== null);
  expect((await enter(good ?? "", false)).status).toBe("done");
  await looksAgain();
}, 30_000);
