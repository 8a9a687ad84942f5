/**
 * The edge with everything that money passes: simulators of payment provider, carrier and mailbox on real
 * sockets, the real adapters, and the sagas on a real Temporal. What robots do is done by `pack`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { withMadeUpSecrets } from "../../config/vendor-settings.ts";
import type { OrderView, TrackingLink } from "../../contract/orders.ts";
import type { PaymentIncident } from "../../integrations/simulator-kit/vendor-simulators.ts";
import { startSimulators } from "../../integrations/simulators.ts";
import {
  carrierRoster,
  notificationRoster,
  paymentRoster,
  vendorKinds,
} from "../../integrations/vendor-kinds.ts";
import type { OperationContext } from "../../operations/context.ts";
import { confirmPack } from "../../operations/floor/confirm-pack.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { parcelLimitOf } from "../../ports/parcel-limit.ts";
import { startSagaWorker } from "../../workflows/runtime/worker.ts";
import { type OutsideRosters, startTestEdge, type TestEdge } from "../edge.ts";
import { eventually } from "../saga-world.ts";
import { vendorsOf } from "../vendors/vendors.ts";
import { createTestNamespace } from "./temporal.ts";

export const PAYMENT_SECRET = "whsec_of_the_tests";

/** A webhook of the payment provider, as it left there. */
export type SentWebhook = { readonly body: string; readonly signature: string; readonly type: string };

export type PaidEdge = {
  readonly edge: TestEdge;
  readonly simulatorsUrl: string;
  /** The payment provider's webhooks that were recorded instead of delivered, oldest first. */
  readonly webhooks: SentWebhook[];
  /** Changes what the simulators do, as `POST /simulation`. */
  simulate(change: unknown): Promise<void>;
  incident(incident: PaymentIncident): Promise<void>;
  /** Posts a webhook to the gateway. */
  deliver(webhook: Pick<SentWebhook, "body" | "signature">, account?: string): Promise<Response>;
  view(orderId: string): Promise<OrderView>;
  /** The address of the shopper's page. */
  shopperPage(orderId: string): Promise<string>;
  /** The order's page, once it is as the test wants it. */
  seen(orderId: string, what: string, check: (view: OrderView) => boolean): Promise<OrderView>;
  /** People pick and pack everything that is on the floor of the order. */
  pack(orderId: string): Promise<void>;
  charges(orderId: string): Promise<Readonly<Record<string, number>> | undefined>;
  /** Subjects of the mails that were sent to an address, oldest first. */
  mails(to: string): Promise<readonly string[]>;
  stop(): Promise<void>;
};

/** @param options.recorded webhooks of the payment provider are kept for the test, and not delivered */
export async function startPaidEdge(options: {
  readonly dashboardFolder: string;
  readonly staffPassword: string;
  readonly recorded?: boolean;
}): Promise<PaidEdge> {
  const dataFolder = mkdtempSync(join(tmpdir(), "holdfast-paid-edge-"));
  const silent = pino({ level: "silent" });
  const webhooks: SentWebhook[] = [];
  const recorder = options.recorded === true ? await startRecorder(webhooks) : null;
  const configured = (httpPort: number, smtpPort: number) =>
    withMadeUpSecrets(
      vendorKinds,
      vendorsOf({
        STRIPE_WEBHOOK_SECRET: PAYMENT_SECRET,
        HOLDFAST_SIMULATORS_PORT: String(httpPort),
        HOLDFAST_SMTP_PORT: String(smtpPort),
      }),
      "made up for the tests",
    );
  let simulators: Awaited<ReturnType<typeof startSimulators>> | undefined;
  let rosters: OutsideRosters | undefined;
  const edge = await startTestEdge({
    ...options,
    outside: async (gatewayUrl) => {
      simulators = await startSimulators({
        host: "127.0.0.1",
        httpPort: 0,
        smtpPort: 0,
        dataFolder,
        webhooksUrl: recorder?.url ?? `${gatewayUrl}/v1/webhooks`,
        vendors: configured(1, 1),
        logger: silent,
      });
      const vendors = configured(simulators.httpPort, simulators.smtpPort);
      rosters = { payments: await paymentRoster(vendors), carriers: await carrierRoster(vendors) };
      return rosters;
    },
  });
  if (simulators === undefined || rosters === undefined) throw new Error("no simulators were started");
  const running = simulators;
  const mailboxes = await notificationRoster(configured(running.httpPort, running.smtpPort));
  const { address, namespace } = await createTestNamespace();
  const worker = await startSagaWorker({
    ...rosters,
    mailer: mailboxes.first.port,
    temporalAddress: address,
    namespace,
    database: edge.database,
    allocator: edge.allocator,
    publicUrl: edge.url,
    logger: silent,
  });
  const context: OperationContext = {
    database: edge.database,
    allocator: edge.allocator,
    parcelLimit: parcelLimitOf(rosters.carriers),
    now: Date.now,
  };
  const simulatorsUrl = `http://127.0.0.1:${running.httpPort}`;
  const authorization = `Bearer ${edge.credentials.channelKeys["web"]}`;

  async function ask(path: string, body?: unknown): Promise<unknown> {
    const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${simulatorsUrl}${path}`, request);
    if (response.status !== 200) throw new Error(await response.text());
    return response.json();
  }

  async function read<T>(path: string): Promise<T> {
    const response = await fetch(`${edge.url}/v1/${path}`, { headers: { authorization } });
    if (response.status !== 200) throw new Error(await response.text());
    return (await response.json()) as T;
  }

  const view = (orderId: string) => read<OrderView>(`orders/${orderId}`);

  async function shopperPage(orderId: string): Promise<string> {
    return (await read<TrackingLink>(`orders/${orderId}/tracking-link`)).url;
  }

  return {
    edge,
    simulatorsUrl,
    webhooks,
    simulate: async (change) => {
      await ask("/simulation", change);
    },
    incident: async ({ orderId, ...incident }) => {
      await ask("/simulation/incidents", { order: orderId, ...incident });
    },
    deliver: (webhook, account = "default") =>
      fetch(`${edge.url}/v1/webhooks/payments/stripe/${account}`, {
        method: "POST",
        headers: { "content-type": "application/json", "stripe-signature": webhook.signature },
        body: webhook.body,
      }),
    view,
    shopperPage,
    seen: async (orderId, what, check) => {
      let last: OrderView | undefined;
      try {
        return await eventually(what, async () => {
          last = await view(orderId);
          return check(last) ? last : undefined;
        });
      } catch (error) {
        const told = JSON.stringify({ summary: last?.summary, payment: last?.payment });
        throw new Error(`${error instanceof Error ? error.message : String(error)}; last seen: ${told}`);
      }
    },
    pack: async (orderId) => {
      const { rows } = await edge.database.query<{ id: string; holdId: string; quantity: number }>(
        `select f.id, l.hold_id as "holdId", l.quantity from fulfillment_order f
         join fulfillment_order_line l on l.fulfillment_order_id = f.id
         where f.order_id = $1 and f.status = 'in_progress' and f.stage not in ('packed', 'labelled', 'shipped')`,
        [orderId],
      );
      for (const id of new Set(rows.map((row) => row.id))) {
        const by = { fulfillmentOrderId: id, cause: "staff:tester", key: `by-hand:${id}` };
        const picked = rows.filter((row) => row.id === id);
        for (const result of [
          await confirmPick(context, { ...by, picked }),
          await confirmPack(context, { ...by, verified: "by-person" }),
        ])
          if (result.status !== "done") throw new Error(`refused: ${JSON.stringify(result)}`);
      }
    },
    charges: async (orderId) => {
      const { orders } = (await ask("/simulation/charges")) as {
        readonly orders: readonly (Readonly<Record<string, number>> & { readonly orderId: unknown })[];
      };
      return orders.find((one) => one.orderId === orderId);
    },
    mails: async (to) => {
      const found = (await ask(`/simulation/mails?q=${encodeURIComponent(to)}`)) as {
        readonly mails: readonly { readonly subject: string }[];
      };
      return found.mails.map(({ subject }) => subject).reverse();
    },
    stop: async () => {
      await worker.stop();
      await edge.stop();
      // Before the mail server, which waits for its clients to go.
      mailboxes.first.port.close();
      await running.stop();
      await recorder?.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Takes the payment provider's webhooks, and passes the carrier's by. */
async function startRecorder(
  webhooks: SentWebhook[],
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      if (request.url?.includes("/payments/") === true) {
        const { type }: { readonly type: string } = JSON.parse(body);
        webhooks.push({ body, signature: String(request.headers["stripe-signature"]), type });
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/webhooks`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
