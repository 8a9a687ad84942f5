/** The pages of the devices in a real browser: registered, and what was put aside read and tried again. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDeadLetter } from "../store/floor/dead-letters.ts";
import { writeDeviceEvents } from "../store/floor/device-events.ts";
import { knowsDeviceSecret } from "../store/floor/device-passwords.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the pages of the devices", () => {
  let dashboard: TestDashboard;
  let conveyor: string;

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const { database } = dashboard.edge;
    const { rows } = await database.query<{ id: string }>(
      "select id from device where kind = 'conveyor' order by id limit 1",
    );
    conveyor = rows[0]?.id ?? "";
    await writeDeadLetter(database, {
      deviceId: conveyor,
      topic: `holdfast/fc-reno/pack-out/${conveyor}/evt/scan`,
      payload: Buffer.from('{"seq":1}'),
      code: "handler_failed",
      detail: "the database was away",
    });
    await writeDeadLetter(database, {
      deviceId: null,
      topic: "zebra/stranger/data",
      payload: Buffer.from([0x00, 0xff]),
      code: "unknown_device",
      detail: "no device stranger",
    });
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function signedIn(role: string, viewport = DESKTOP) {
    const context = await dashboard.browser.newContext({ viewport, baseURL: dashboard.edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto("/devices");
    await signIn(page, role);
    await page.getByText("zebra/stranger/data").first().waitFor();
    return page;
  }

  test("messages are found by device and by reason, shown as text and bytes, and tried again", async () => {
    const page = await signedIn("operations");
    await page.getByRole("button", { name: "Show the message on zebra/stranger/data" }).click();
    await page.getByRole("button", { name: "Bytes" }).click();
    await page.getByText("0000 00 ff").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByLabel(/^Device/).selectOption(conveyor);
    await page.getByText("the database was away").waitFor();
    expect(await page.getByText("zebra/stranger/data").count()).toBe(0);
    await page.getByRole("button", { name: /^Show the message on/ }).click();
    await page.getByText('{"seq":1}').waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("being tried again").waitFor();
    const { rows } = await dashboard.edge.database.query(
      "select code from device_dead_letter where retry_asked_at is not null",
    );
    expect(rows).toEqual([{ code: "handler_failed" }]);
    await page.context().close();
  });

  test("messages are read but not tried again by who may not change devices, also on a phone", async () => {
    const page = await signedIn("service", PHONE);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await page.getByRole("button", { name: "Show the message on zebra/stranger/data" }).click();
    await page.getByText("no device stranger").first().waitFor();
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await page.context().close();
  });

  test("what happened to devices is shown, by kind", async () => {
    await writeDeviceEvents(dashboard.edge.database, [
      { deviceId: conveyor, kind: "error", detail: "motor too hot", count: 3 },
      { deviceId: conveyor, kind: "dispatch_refused", detail: "orderError: busy", count: 1 },
    ]);
    const page = await signedIn("service", PHONE);
    await page.getByText("motor too hot (3 times)").waitFor();
    await page.getByRole("button", { name: "Refused work" }).click();
    await page.getByText("orderError: busy").waitFor();
    expect(await page.getByText("motor too hot").count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await page.context().close();
  });

  test("what happens while the page is shown comes to it by itself", async () => {
    const page = await signedIn("service");
    await page.getByText("Live", { exact: true }).first().waitFor();
    await writeDeadLetter(dashboard.edge.database, {
      deviceId: null,
      topic: "zebra/newcomer/data",
      payload: Buffer.from("{}"),
      code: "unknown_device",
      detail: "no device newcomer",
    });
    await writeDeviceEvents(dashboard.edge.database, [
      { deviceId: conveyor, kind: "silent", detail: "nothing for 90 s", count: 1 },
      { deviceId: null, kind: "dead_letter", detail: "unknown_device", count: 1 },
    ]);
    await page.getByText("nothing for 90 s").waitFor({ timeout: 4_000 });
    await page.getByText("zebra/newcomer/data").first().waitFor({ timeout: 4_000 });
    await page.context().close();
  });

  test("a device is registered on the settings' page, and switched off", async () => {
    const page = await signedIn("operations");
    await page.goto("/settings?view=devices");
    const form = page.locator("form");
    await form.getByLabel(/^Id/).fill("amr-77");
    await form.getByLabel(/^Place/).selectOption("fc-reno");
    await form.getByLabel(/^Further settings/).fill('{"weight": 1}');
    await page.getByRole("button", { name: "Register the device" }).click();
    await page.getByText("a robot has no setting weight").waitFor();
    await form.getByLabel(/^Further settings/).fill("");
    await form.getByLabel(/^Manufacturer/).fill("acme");
    await page.getByRole("button", { name: "Register the device" }).click();
    await page.getByText("It is shown this once").waitFor();
    const secret = (await page.locator("dialog pre").first().textContent()) ?? "";
    expect(await knowsDeviceSecret(dashboard.edge.database, "amr-77", secret)).toBe(true);
    await page.getByText("topic write uagv/v2/acme/amr-77/state").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Switch off amr-77" }).click();
    await page.getByText("Switched off").waitFor();
    expect(await knowsDeviceSecret(dashboard.edge.database, "amr-77", secret)).toBe(false);
    await page.setViewportSize(PHONE);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await page.context().close();
  });

  test("what is registered of a device is changed by its kind's fields, and refused with what is wrong", async () => {
    const { database } = dashboard.edge;
    const page = await signedIn("operations", PHONE);
    await page.goto("/settings?view=devices");
    await page.getByRole("button", { name: `Change ${conveyor}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Name/).fill("Long belt");
    await dialog.getByLabel(/^Most rounds/).fill("0");
    await dialog.getByLabel(/^Lanes/).fill('["p1", "p2"');
    await dialog.getByRole("button", { name: "Save the device" }).click();
    await dialog.getByText("lanes: this is not JSON.").waitFor();
    await dialog.getByLabel(/^Lanes/).fill('["p1", "p2"]');
    await dialog.getByRole("button", { name: "Save the device" }).click();
    await dialog.getByText(/^mostRounds/).waitFor();
    await dialog.getByLabel(/^Most rounds/).fill("3");
    // Somebody else is quicker.
    await database.query(
      "insert into setting_change (subject, version, changed_by, changes) values ($1, 2, 'staff:1', '[]')",
      [`device:${conveyor}`],
    );
    await dialog.getByRole("button", { name: "Save the device" }).click();
    await dialog.getByRole("button", { name: "Show the newest" }).click();
    // Only the form made anew shows no offer; what is entered before that goes with the former one.
    await dialog.getByRole("button", { name: "Show the newest" }).waitFor({ state: "detached" });
    await dialog.getByLabel(/^Most rounds/).fill("4");
    await dialog.getByRole("button", { name: "Save the device" }).click();
    await dialog.waitFor({ state: "detached" });
    const { rows } = await database.query(
      "select settings->'mostRounds' as rounds from device where id = $1",
      [conveyor],
    );
    expect(rows).toEqual([{ rounds: 4 }]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await page.context().close();
  });

  test("a change of a device's topics shows what the broker has to know", async () => {
    const page = await signedIn("operations");
    await page.goto("/settings?view=devices");
    const { rows } = await dashboard.edge.database.query<{ id: string }>(
      "select id from device where kind = 'robot' order by id limit 1",
    );
    const id = rows[0]?.id ?? "";
    await page.getByRole("button", { name: `Change ${id}` }).click();
    await page
      .getByRole("dialog")
      .getByLabel(/^Manufacturer/)
      .fill("othermaker");
    await page.getByRole("button", { name: "Save the device" }).click();
    await page.getByText(`topic write uagv/v2/othermaker/${id}/state`).waitFor();
    expect(await page.getByText("It is shown this once").count()).toBe(0);
    await page.context().close();
  });
});
