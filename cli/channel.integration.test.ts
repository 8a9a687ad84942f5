/** `holdfast channel` and `holdfast secrets` against a real gateway: what they print and how they exit. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSecretKeys } from "../config/secret-box.ts";
import type { ChannelView } from "../contract/catalog.ts";
import type { ChannelDetail, IssuedChannel } from "../contract/channels.ts";
import { signStandardWebhook } from "../integrations/vendor-kit/webhook-signature.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-channel-"));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: readonly string[]) => runAsAdmin(world, args, folder);
const channel = (...args: readonly string[]) => run("channel", ...args);

test("makes a channel, prints where its webhooks go and the secret that signs them, and the secret works", async () => {
  const outcome = await channel("create", "--kind", "holdfast", "--id", "till", "--name", "The till");
  expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
  expect(outcome.stdout).toContain("http://shop.example/v1/webhooks/channels/holdfast/till");
  const secret = /(whsec_\S+)/.exec(outcome.stdout)?.[1] ?? "";
  const body = JSON.stringify(canonicalOrder("1"));
  const reply = await world.call("POST", "/v1/webhooks/channels/holdfast/till", {
    anonymous: true,
    body,
    headers: { ...signStandardWebhook(body, secret), "webhook-topic": "order.created" },
  });
  expect(reply.json.results).toMatchObject([{ order: "till-1", outcome: "accepted" }]);
  expect((await channel("show", "till")).stdout).not.toContain(secret);
});

test("shows, changes and switches channels, as documents for programs", async () => {
  const [changed] = jsonLines<ChannelDetail>(
    await channel(
      "update",
      "till",
      "--charged-by",
      "order",
      "--stock-pool",
      "tills",
      "--stock-buffer",
      "2",
      "--json",
    ),
  );
  expect(changed).toMatchObject({
    chargedBy: "order",
    stockPool: "tills",
    stockBuffer: 2,
    name: "The till",
    version: 3,
  });
  const [off] = jsonLines<ChannelDetail>(await channel("disable", "till", "--json"));
  expect(off?.active).toBe(false);
  const listed = jsonLines<ChannelView>(await channel("list", "--json"));
  expect(listed.find(({ id }) => id === "till")).toMatchObject({ active: false, kind: "holdfast" });
  expect((await channel("enable", "till")).stdout).toContain("till is switched on.");
});

test("gives a channel the secret that its platform made, without showing it", async () => {
  const file = join(folder, "secret");
  writeFileSync(file, "made-by-the-platform-0123456789\n");
  const given = await channel("rotate-secret", "till", "--secret-file", file, "--overlap-hours", "0");
  expect([given.status, given.stdout.includes("made-by-the-platform")]).toEqual([0, false]);
  const [again] = jsonLines<IssuedChannel>(await channel("rotate-secret", "till", "--json"));
  expect(again?.secret).toMatch(/^whsec_/);
  expect(again?.channel.webhook.secrets).toHaveLength(2);
});

test.each([
  [["create", "--kind", "overstock", "--id", "odd"], 1, "channel_kind_unknown"],
  [["create", "--kind", "holdfast", "--id", "web"], 1, "channel_exists"],
  [["show", "nowhere"], 1, "channel_not_found"],
  [["create", "--kind", "holdfast"], 2, "--id"],
  [["rotate-secret", "web", "--overlap-hours", "many"], 2, "--overlap-hours must be a whole number"],
  [["rotate-secret", "web", "--secret-file", "no-such-file"], 2, "--secret-file"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await channel(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});

test("a new key is a line of the key file", async () => {
  const { status, stdout } = await run("secrets", "new-key", "2026-11");
  const reading = readSecretKeys(stdout);
  expect([status, reading]).toMatchObject([0, { status: "ok", keys: [{ id: "2026-11" }] }]);
  expect((await run("secrets", "new-key", "a b")).status).toBe(2);
});
