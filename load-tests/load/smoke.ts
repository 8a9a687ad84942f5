/**
 * The load smoke: every way in for a few seconds each, and the oversell audit of what was sold. Takes well
 * under a minute.
 *
 * It measures one machine that runs system, database and driver together. It does not measure a network, a
 * warm system or the limits of the hardware. Its numbers compare runs on the same machine, nothing else.
 */
import { randomBytes } from "node:crypto";
import { driveHttp } from "./http-driver.ts";
import type { ScenarioResult, Target } from "./scenario.ts";
import { auditStock, type OversellAudit, receiveLoadStock } from "./stock.ts";
import { driveStream } from "./stream-driver.ts";

export type SmokeReport = {
  readonly scenarios: readonly ScenarioResult[];
  readonly audit: OversellAudit;
  readonly ok: boolean;
};

type SmokeOptions = {
  /** Seconds of each scenario. */
  readonly seconds: number;
  /** A location of the company that stock can be received at. */
  readonly locationId: string;
  readonly onScenario: (result: ScenarioResult) => void;
};

/** So few units that the load sells out, and refusals are part of it. */
const UNITS_EACH = 3_000;
const SKUS = 24;

export async function runSmoke(target: Target, options: SmokeOptions): Promise<SmokeReport> {
  const run = randomBytes(4).toString("hex");
  const stock = await receiveLoadStock(target, {
    run,
    count: SKUS,
    unitsEach: UNITS_EACH,
    locationId: options.locationId,
  });
  const unitsSold = new Map<string, number>();
  const scenarios: ScenarioResult[] = [];
  const note = (result: ScenarioResult): void => {
    scenarios.push(result);
    options.onScenario(result);
  };
  const stream = { run, seconds: options.seconds, stock, unitsSold };
  note(
    await driveStream(target, {
      ...stream,
      scenario: "stream, single frames",
      connections: 8,
      frameSize: 1,
      window: 16,
    }),
  );
  note(
    await driveStream(target, {
      ...stream,
      scenario: "stream, 64 a frame",
      connections: 8,
      frameSize: 64,
      window: 256,
    }),
  );
  note(await postOrders(target, run, options.seconds));
  note(
    await driveHttp(target, {
      scenario: "GET /v1/orders",
      method: "GET",
      path: "/v1/orders?limit=20",
      connections: 10,
      seconds: options.seconds,
      expected: [200],
    }),
  );
  note(
    await driveHttp(target, {
      scenario: "GET /v1/stock",
      method: "GET",
      path: `/v1/stock?limit=20&q=${stock.skus[0]}`,
      connections: 10,
      seconds: options.seconds,
      expected: [200],
    }),
  );
  const audit = await auditStock(target, stock, unitsSold);
  const errors = scenarios.reduce((sum, scenario) => sum + scenario.errors, 0);
  return { scenarios, audit, ok: errors === 0 && audit.oversold === 0 && audit.addsUp };
}

/**
 * Whole orders over REST. Their SKU is not in the catalog, so each order is captured on hold, committed, and
 * goes no further.
 */
function postOrders(target: Target, run: string, seconds: number): Promise<ScenarioResult> {
  return driveHttp(target, {
    scenario: "POST /v1/orders",
    method: "POST",
    path: "/v1/orders?channel=web",
    connections: 10,
    seconds,
    expected: [200, 201],
    request: (n) => ({
      key: `${run}-${n}`,
      body: JSON.stringify({
        id: `LOAD-${run}-${n}`,
        currency: "USD",
        lines: [{ sku: `LOAD-${run}-NOT-SOLD`, quantity: 1, unitPrice: "10.00" }],
        paymentMethod: "pm_card_visa",
        shippingAddress: {
          name: "Load Test",
          line1: "1 Test Street",
          city: "Reno",
          postalCode: "89501",
          country: "US",
        },
        customer: { name: "Load Test", email: "load@example.com" },
      }),
    }),
  });
}
