/**
 * A real Temporal for tests: one server for each test run, started by the global set-up, and one namespace
 * for each caller.
 */
import { randomBytes } from "node:crypto";
import { Connection } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import { inject } from "vitest";
import { waitUntil } from "../../cli/embedded/processes.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `host:port` of the run's server. */
    readonly temporalAddress: string;
  }
}

/** Where a caller's sagas run, and no others. */
export type TestTemporal = { readonly address: string; readonly namespace: string };

export async function createTestNamespace(): Promise<TestTemporal> {
  const address = inject("temporalAddress");
  const namespace = `test-${randomBytes(6).toString("hex")}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs("1 day"),
    });
    // The server's parts learn of it one after the other.
    const known = () => connection.operatorService.listSearchAttributes({ namespace });
    const isKnown = () =>
      known().then(
        () => true,
        () => false,
      );
    if (!(await waitUntil(isKnown, 20_000))) throw new Error(`Temporal does not know ${namespace}`);
  } finally {
    await connection.close();
  }
  return { address, namespace };
}
