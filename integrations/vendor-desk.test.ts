import { setTimeout } from "node:timers/promises";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { StoredAccount } from "../ports/vendor-desk.ts";
import { vendorsOf } from "../test-support/vendors/vendors.ts";
import { openVendorDesk } from "./vendor-desk.ts";

const EU: StoredAccount = {
  kind: "payments",
  provider: "stripe",
  account: "eu",
  values: { STRIPE_SECRET_KEY: "sk_test_nobodys" },
  active: true,
  services: null,
  former: null,
};

function deskOn(read: () => Promise<readonly StoredAccount[]>) {
  return openVendorDesk({
    environment: vendorsOf({}),
    context: {
      isProduction: false,
      isPlainRefused: () => false,
      simulators: { http: "http://127.0.0.1:9", smtp: "smtp://127.0.0.1:9" },
    },
    read,
    now: Date.now,
    logger: pino({ level: "silent" }),
  });
}

test("of two changes at once the later one counts, whichever is read faster", async () => {
  const slow = async (): Promise<readonly StoredAccount[]> => {
    await setTimeout(20);
    return [];
  };
  const reads = [async () => [], slow, async () => [EU]];
  const desk = await deskOn(() => reads.shift()?.() ?? expect.fail("read once too often"));
  await Promise.all([desk.follow(), desk.follow()]);
  expect(desk.payments.first.account).toBe("eu");
  desk.close();
});

test("what could not be read is read the next time", async () => {
  const reads = [
    async () => [],
    async () => {
      throw new Error("the database is away");
    },
    async () => [EU],
  ];
  const desk = await deskOn(() => reads.shift()?.() ?? expect.fail("read once too often"));
  await expect(desk.follow()).rejects.toThrow("away");
  await desk.follow();
  expect(desk.payments.first.account).toBe("eu");
  desk.close();
});
