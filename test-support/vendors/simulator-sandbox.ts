/** The simulators on free ports, with the real adapters against them and a receiver for their webhooks. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { createEasypostCarrier } from "../../integrations/carriers/easypost/carrier.ts";
import { createStripeProvider } from "../../integrations/payments/stripe/provider.ts";
import { startSimulators } from "../../integrations/simulators.ts";
import type { Carrier, TrackingReport } from "../../ports/carriers.ts";
import type { PaymentProvider } from "../../ports/payments.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { vendorsOf } from "./vendors.ts";

export const WEBHOOK_SECRET = "whsec_test";
/** The configuration of the simulators in these tests. */
export const SANDBOX_VENDORS = vendorsOf({ EASYPOST_WEBHOOK_SECRET: WEBHOOK_SECRET });
export const STRIPE_KEY = "sk_test_sandbox";
export const EASYPOST_KEY = "EZTK_sandbox";

export type WebhookReceiver = {
  readonly url: string;
  /** Every call, with what the adapter reads of it; `null` where the signature is wrong. */
  readonly calls: {
    readonly eventId: string;
    readonly reports: readonly TrackingReport[] | null;
    readonly answer: number;
  }[];
  /** The status to answer the next calls with. */
  answer: number;
  /** How long each answer takes. */
  pauseMs: number;
  readonly mostAtOnce: () => number;
  close(): Promise<void>;
};

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const carrier = createEasypostCarrier({
    baseUrl: "http://127.0.0.1:1",
    apiKey: "",
    webhookSecret: WEBHOOK_SECRET,
  });
  let underWay = 0;
  let most = 0;
  const server = createServer((request, response) => {
    underWay += 1;
    most = Math.max(most, underWay);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      // The payment provider's are looked at by tests of their own.
      if (request.url?.includes("/payments/") === true) {
        underWay -= 1;
        response.end();
        return;
      }
      const signature = request.headers["x-hmac-signature"];
      receiver.calls.push({
        eventId: String(JSON.parse(body.toString("utf8")).id),
        reports: carrier.readTrackingWebhook({ "X-Hmac-Signature": String(signature) }, body),
        answer: receiver.answer,
      });
      const { answer } = receiver;
      setTimeout(() => {
        underWay -= 1;
        response.writeHead(answer).end();
      }, receiver.pauseMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/webhooks`,
    calls: [],
    answer: 200,
    pauseMs: 0,
    mostAtOnce: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

export type TestSandbox = {
  readonly url: string;
  readonly smtpUrl: string;
  readonly dataFolder: string;
  readonly webhooks: WebhookReceiver;
  readonly payments: PaymentProvider;
  readonly carrier: Carrier;
  simulate(change: unknown): Promise<void>;
  /** Reads one of the audits under `/simulation`. */
  audit(name: string): Promise<Readonly<Record<string, unknown>>>;
  /** Stops the simulators and starts them again on the same data, on other ports. */
  restart(): Promise<TestSandbox>;
  stop(): Promise<void>;
};

export async function startTestSandbox(
  existing?: Pick<TestSandbox, "dataFolder" | "webhooks">,
): Promise<TestSandbox> {
  const dataFolder = existing?.dataFolder ?? mkdtempSync(join(tmpdir(), "holdfast-simulators-"));
  const webhooks = existing?.webhooks ?? (await startWebhookReceiver());
  const simulators = await startSimulators({
    host: "127.0.0.1",
    httpPort: 0,
    smtpPort: 0,
    dataFolder,
    webhooksUrl: webhooks.url,
    vendors: SANDBOX_VENDORS,
    logger: pino({ level: "silent" }),
  });
  const url = `http://127.0.0.1:${simulators.httpPort}`;
  const sandbox: TestSandbox = {
    url,
    smtpUrl: `smtp://127.0.0.1:${simulators.smtpPort}`,
    dataFolder,
    webhooks,
    payments: createStripeProvider({ baseUrl: url, secretKey: STRIPE_KEY }),
    carrier: createEasypostCarrier({ baseUrl: url, apiKey: EASYPOST_KEY, webhookSecret: WEBHOOK_SECRET }),
    async simulate(change) {
      const response = await fetch(`${url}/simulation`, { method: "POST", body: JSON.stringify(change) });
      if (response.status !== 200) throw new Error(await response.text());
    },
    async audit(name) {
      const response = await fetch(`${url}/simulation/${name}`);
      return (await response.json()) as Readonly<Record<string, unknown>>;
    },
    async restart() {
      await simulators.stop();
      return startTestSandbox({ dataFolder, webhooks });
    },
    async stop() {
      await simulators.stop();
      await webhooks.close();
      rmSync(dataFolder, { recursive: true });
    },
  };
  return sandbox;
}

/**
 * Repeats a call as a saga does: as long as its fault says that it may succeed later. Counts the attempts.
 */
export async function untilAnswered<Answer>(
  call: () => Promise<Answer>,
  counter: { attempts: number } = { attempts: 0 },
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    counter.attempts += 1;
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServiceFault) || !error.retryable || attempt === 50) throw error;
    }
  }
}
