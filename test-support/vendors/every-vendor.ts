/**
 * Every vendor of every registry, against its simulator, for the contract tests: what a port promises is
 * checked for each adapter of it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import {
  type ConfiguredVendors,
  type VendorSettings,
  withMadeUpSecrets,
} from "../../config/vendor-settings.ts";
import { startSimulators } from "../../integrations/simulators.ts";
import { vendorKinds } from "../../integrations/vendor-kinds.ts";
import { vendorsOf } from "./vendors.ts";

export type TakenWebhook = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export type EveryVendor = {
  readonly url: string;
  /**
   * The settings of a provider's account; also with other secrets, or with an address that does not answer.
   */
  settings(kind: string, provider: string, change?: "another account" | "nobody there"): VendorSettings;
  /** What simulators have sent to the gateway's address. */
  readonly webhooks: readonly TakenWebhook[];
  simulate(change: unknown): Promise<void>;
  audit<T>(name: string): Promise<T>;
  stop(): Promise<void>;
};

export async function startEveryVendor(): Promise<EveryVendor> {
  const dataFolder = mkdtempSync(join(tmpdir(), "holdfast-every-vendor-"));
  const webhooks: TakenWebhook[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      webhooks.push({ path: request.url ?? "", headers, body: Buffer.concat(chunks) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const simulators = await startSimulators({
    host: "127.0.0.1",
    httpPort: 0,
    smtpPort: 0,
    dataFolder,
    webhooksUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/v1/webhooks`,
    vendors: everyone("a secret", 1, 1),
    logger: pino({ level: "silent" }),
  });
  const { httpPort, smtpPort } = simulators;
  const url = `http://127.0.0.1:${httpPort}`;
  const configured = {
    usual: everyone("a secret", httpPort, smtpPort),
    "another account": everyone("another secret", httpPort, smtpPort),
    "nobody there": everyone("a secret", 1, 1),
  };
  return {
    url,
    settings(kind, provider, change) {
      const found = configured[change ?? "usual"][kind]?.find((one) => one.provider === provider);
      if (found === undefined) throw new Error(`${provider} is not in the registry of ${kind}`);
      return found;
    },
    webhooks,
    async simulate(change) {
      const response = await fetch(`${url}/simulation`, { method: "POST", body: JSON.stringify(change) });
      if (response.status !== 200) throw new Error(await response.text());
    },
    async audit<T>(name: string) {
      return (await (await fetch(`${url}/simulation/${name}`)).json()) as T;
    },
    async stop() {
      await simulators.stop();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
      rmSync(dataFolder, { recursive: true });
    },
  };
}

function everyone(secret: string, httpPort: number, smtpPort: number): ConfiguredVendors {
  const lists = vendorKinds.map(({ variable, vendors }) => [
    variable,
    vendors.map(({ provider }) => provider).join(","),
  ]);
  const vendors = vendorsOf({
    ...Object.fromEntries(lists),
    HOLDFAST_SIMULATORS_PORT: String(httpPort),
    HOLDFAST_SMTP_PORT: String(smtpPort),
  });
  return withMadeUpSecrets(vendorKinds, vendors, secret);
}
