/**
 * The short form of `npm run faults -- --devices`: 200 devices, a real broker and the whole real system, each
 * killed once. And the audit itself, which must notice an acknowledgement without effect.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { LOCATION, startStockedEngine } from "../../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { provideDashboard } from "../../../test-support/system.ts";
import { AckAudit, type SentEvent } from "./ack-audit.ts";
import { runDeviceCampaign } from "./campaign.ts";

const MINUTE = 60_000;

let test: TestDatabase;

beforeAll(async () => {
  provideDashboard();
  test = await createTestDatabase();
});
afterAll(() => test.close());

it("200 devices misbehave: each order ends or is held by name, and no acknowledgement is without effect", {
  timeout: 8 * MINUTE,
}, async () => {
  const report = await runDeviceCampaign(
    {
      messages: 20_000,
      devices: 200,
      orders: 24,
      ratePerSecond: 1_000,
      kills: 1,
      seed: `ci-${process.pid}`,
    },
    () => {},
  );
  expect(report.findings, `seed ${report.seed}`).toEqual([]);
  expect(report.kills).toEqual({ broker: 1, system: 1, everything: 0 });
  expect(report.acknowledgements).toMatchObject({
    withoutEffect: 0,
    withoutLetter: 0,
    unreadable: 0,
    neverAcknowledged: 0,
  });
  expect(report.acknowledgements.taken).toBeGreaterThan(2_000);
  expect(report.acknowledgements.refused).toBeGreaterThan(20);
  expect(report.messages.messages).toBeGreaterThanOrEqual(20_000);
  expect(report).toMatchObject({ oversold: 0, doubled: 0, stock: { reconciled: true }, ok: true });
});

it("the audit finds what was acknowledged without effect, refused without a letter, or cannot be read", async () => {
  const engine = await startStockedEngine(test);
  await engine.stop();
  const audit = new AckAudit(test.database, 500);
  const event = (seq: number, payload: string): SentEvent => ({
    deviceId: "conveyor-1",
    kind: "scan",
    topic: `holdfast/${LOCATION}/pack-out/conveyor-1/evt/scan`,
    payload: Buffer.from(payload),
    what: `event ${seq}`,
  });
  const scan = (seq: number) =>
    event(
      seq,
      JSON.stringify({
        bootId: "plc",
        seq,
        ts: "2026-11-29T08:00:00Z",
        scanPointId: "scan-1",
        barcodes: [],
      }),
    );
  audit.start();
  audit.acknowledged(scan(1), null);
  audit.acknowledged(scan(2), "invalid_message");
  audit.acknowledged(event(3, '{"bootId":"plc","seq":3'), null);
  await audit.stop();
  expect(audit.counts).toMatchObject({ taken: 0, withoutEffect: 1, withoutLetter: 1, unreadable: 1 });
  expect(audit.findings).toHaveLength(3);
});
