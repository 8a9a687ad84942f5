/** The page *System* in a real browser: who runs, who has which shard, what waits; desktop and phone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NodeState, tellOfNode } from "../store/figures/nodes.ts";
import { writeOutbox } from "../store/outbox.ts";
import { type RoleLease, tryRoleLease } from "../store/role-lease.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();

const STATE: NodeState = {
  dependencies: [
    { name: "postgresql", ready: true },
    { name: "temporal", ready: false },
  ],
  database: { inUse: 3, size: 24, waiting: 2 },
  engine: { waiting: 1_204, uncommitted: 7, shards: [{ shard: 1, state: "rebuilding", waiting: 41 }] },
  sagas: { isRunning: true, used: 12, slots: 160 },
  broker: { connected: 4, sessions: 4 },
};

describe.skipIf(chromium === undefined)("the page System", () => {
  let dashboard: TestDashboard;
  let held: RoleLease | null = null;

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const { database } = dashboard.edge;
    const { rows } = await database.query<{ owner: string }>("select owner from shard_lease limit 1");
    const about = { version: "0.1.0", roles: ["gateway", "engine"], state: STATE };
    await tellOfNode(database, { ...about, id: rows[0]?.owner ?? "", name: "hall-one" });
    await tellOfNode(database, { ...about, id: "worker", name: "hall-two", roles: ["worker"] });
    // Both say something again before long, as processes do; the third has fallen silent.
    await tellOfNode(database, { ...about, id: "lost", name: "hall-three" });
    await database.query("update node set seen_at = now() + interval '1 hour' where id <> 'lost'");
    await database.query("update node set seen_at = now() - interval '10 minutes' where id = 'lost'");
    for (const [role, owner] of [
      ["devices", "worker"],
      ["jobs", "lost"],
    ] as const) {
      const lease = await tryRoleLease(database, { role, owner });
      if (role === "devices") held = lease;
      else await lease?.release();
    }
    await writeOutbox(database, [{ key: "m1", topic: "mail.send", payload: { orderId: "web-1" } }]);
    await database.query(
      "update outbox set created_at = now() - interval '2 hours', due_at = now() + interval '1 hour' where key = 'm1'",
    );
  });
  afterAll(async () => {
    await held?.release();
    await dashboard?.stop();
  });

  async function opened(role: string, viewport = DESKTOP) {
    const context = await dashboard.browser.newContext({ viewport, baseURL: dashboard.edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto("/system");
    await signIn(page, role);
    // Before it, the page asks who is there, and is told that nobody is.
    const errors: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    return { page, errors };
  }

  test.each([
    ["a desktop", DESKTOP],
    ["a phone", PHONE],
  ])("says on %s who runs and what is wrong with whom, by name", async (_, viewport) => {
    const { page, errors } = await opened("admin", viewport);
    const row = (name: string) =>
      page.getByRole("row", { name: new RegExp(name) }).or(page.locator("tr", { hasText: name }));
    const one = row("hall-one").first();
    await one.getByText("Temporal is away").waitFor();
    await one.getByText("1,204 waiting, 7 being written").waitFor();
    await one.getByText("12 of 160 slots").waitFor();
    await one.getByText("3 of 24 connections, 2 waiting").waitFor();
    await row("hall-three").first().getByText("Silent").waitFor();
    await page.getByText("2 of 3").waitFor();
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
    ).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test("shows each shard with its node, epoch, queue and lag, and the mail that has waited for hours", async () => {
    const { page } = await opened("admin");
    const shard = (number: number) => page.locator("tr", { hasText: `Shard ${number}` });
    await shard(0).getByText("Served", { exact: true }).waitFor();
    await shard(0).getByText("hall-one").waitFor();
    await shard(1).getByText("Being rebuilt").waitFor();
    await shard(1).getByText("41", { exact: true }).waitFor();
    await page.locator("tr", { hasText: "Mails to shoppers" }).getByText("2 h ago").waitFor();
    await page.context().close();
  });

  test("shows who does the work of one node at a time, what each node has, and that nobody does the jobs", async () => {
    const { page } = await opened("admin", PHONE);
    const work = page.locator("section", { hasText: "Work of one node at a time" });
    const devices = work.locator("tr", { hasText: "Devices" });
    await devices.getByText("Done", { exact: true }).waitFor();
    await devices.getByText("hall-two").waitFor();
    const jobs = work.locator("tr", { hasText: "Standing jobs" });
    await jobs.getByText("Done by nobody").waitFor();
    await jobs.getByText("Nobody, last hall-three").waitFor();
    await jobs.getByText("Given up").waitFor();
    const node = (name: string) => page.locator("tr", { hasText: name }).filter({ hasText: "Version" });
    await node("hall-one")
      .getByText(/Has \d+ shards/)
      .waitFor();
    await node("hall-two").getByText("Has devices").waitFor();
    expect(await node("hall-three").getByText(/Has /).count()).toBe(0);
    expect(await axeFaults(page)).toEqual([]);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
    ).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  test("says how far the stock pages and the feeds are behind, and since when a transaction holds them back", async () => {
    const { page } = await opened("admin");
    const row = (text: string) => page.locator("tr", { hasText: text });
    await row("Journal rows for the stock pages").getByText("0", { exact: true }).waitFor();
    await row("Feeds of orders and devices").getByText("Up to date").waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.setViewportSize({ width: 1024, height: 800 });
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
    ).toBeLessThanOrEqual(0);
    const client = await dashboard.edge.database.connect();
    try {
      await client.query("begin");
      await client.query("select pg_current_xact_id()");
      await row("Feeds of orders and devices").getByText("Held back since").waitFor({ timeout: 30_000 });
      await client.query("rollback");
      await row("Feeds of orders and devices").getByText("Up to date").waitFor({ timeout: 30_000 });
    } finally {
      client.release();
    }
    await page.context().close();
  });

  test("what changes while it is shown comes to it by itself", async () => {
    const { page } = await opened("admin");
    await page.getByText("2 of 3").waitFor();
    await dashboard.edge.database.query(
      "update node set seen_at = now() + interval '1 hour' where id = 'lost'",
    );
    await page.getByText("3 of 3").waitFor();
    await dashboard.edge.database.query("update node set stopped_at = now() where id = 'lost'");
    await page.getByText("It ended in order.").waitFor();
    await page.context().close();
  });

  test("leads nobody there who may not see it, and shows them nothing", async () => {
    const { page } = await opened("service");
    await page.getByRole("link", { name: "Orders" }).first().waitFor();
    expect(await page.getByRole("link", { name: "System", exact: true }).count()).toBe(0);
    expect(await page.getByText("hall-one").count()).toBe(0);
    await page.context().close();
  });
});
