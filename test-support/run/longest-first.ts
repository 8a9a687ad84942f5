/**
 * The order in which the files of a test run begin. A file that takes a minute and begins last keeps one
 * worker busy while the others have nothing left, so the longest come first.
 *
 * Vitest knows how long a file takes only on a machine where it has run before. Otherwise it judges by the
 * file's size. Few files are both short and slow, and they are listed here.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** More than twenty seconds each, the longest first. */
export const LONGEST: readonly string[] = [
  "load-tests/faults/faults.integration.test.ts",
  "load-tests/faults/devices/device-faults.integration.test.ts",
  "cli/kill-recovery.integration.test.ts",
  "cli/roles.integration.test.ts",
  "dashboard/accessibility.browser.test.ts",
  "cli/start.integration.test.ts",
  "dashboard/from-nothing.browser.test.ts",
  "cli/setup.integration.test.ts",
  "dashboard/dashboard.browser.test.ts",
  "cli/two-companies.integration.test.ts",
  "dashboard/settings-page.browser.test.ts",
  "workflows/return/return-authorization.integration.test.ts",
  "devices/bridge.integration.test.ts",
  "operations/fulfillment/combine-orders.integration.test.ts",
  "workflows/order/order-fulfillment.integration.test.ts",
  "gateway/fulfillment-actions.integration.test.ts",
  "dashboard/lists.browser.test.ts",
  "cli/own-broker.integration.test.ts",
  "devices/mqtt/broker-faults.integration.test.ts",
  "devices/thread/bridge-host.integration.test.ts",
  "dashboard/shopper-payment.browser.test.ts",
  "dashboard/people-pages.browser.test.ts",
  "cli/order.integration.test.ts",
  "engine/storage/recovery.integration.test.ts",
  "cli/stock.integration.test.ts",
  "gateway/payment-webhooks.integration.test.ts",
  "cli/system/traces.integration.test.ts",
  "dashboard/system-page.browser.test.ts",
  "gateway/conformance.integration.test.ts",
  "gateway/bad-input.integration.test.ts",
  "cli/send.integration.test.ts",
  "engine/engine.integration.test.ts",
  "devices/robots/robot-faults.integration.test.ts",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

function rank(file: TestSpecification): number {
  const at = LONGEST.findIndex((name) => file.moduleId.endsWith(`/${name}`));
  return at < 0 ? LONGEST.length : at;
}
