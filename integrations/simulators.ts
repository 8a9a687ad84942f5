/**
 * The outside world of a sandbox: the configured payment providers, carriers and the mailbox, in one process,
 * behind the vendors' own wire formats, so that the real adapters run. A vendor is simulated once: its
 * webhooks go to the first of its accounts.
 *
 * Owns the HTTP server, the pages, the pace, the faults on purpose, and the exchange logs that an audit
 * reads:
 *   GET  /simulation           pace, faults, counts
 *   POST /simulation           {speed?, faults?: {dropRequestRate?, dropReplyRate?, errorRate?, delayMs?},
 *                              shortPicks?, badNetwork?, seed?, forgetKeys?: true,
 *                              paymentWebhooks?: {copies?, shuffled?}}; shortPicks is the share of picks
 *                              in which robots find too little; badNetwork is the share of the devices'
 *                              messages that are lost, and of those that come twice or late; forgetKeys is
 *                              as if a day had passed since the payment calls; paymentWebhooks has each
 *                              delivered several times, and out of order
 *   POST /simulation/incidents {order, what, amount?}: what happens to an order's money at the payment
 *                              provider by itself, e.g. disputed or refund_failed
 *   POST /simulation/shop      {sku, quantity?}: somebody buys in the sandbox's shop; GET: its orders, levels
 *   GET  /simulation/charges   what happened to each order's money, and orders charged too much
 *   GET  /simulation/labels    every label bought
 *   GET  /simulation/mails     every message taken, and repeats; with ?q= those with it in address or subject
 * Nothing here authenticates a caller: it only listens on the configured address, which is loopback by
 * default.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import type { ConfiguredVendors, VendorSettings } from "../config/vendor-settings.ts";
import { carrierVendors } from "./carriers/registry.ts";
import { notificationVendors } from "./notifications/registry.ts";
import { paymentVendors } from "./payments/registry.ts";
import { type ShopGoods, startSandboxShop } from "./sandbox-shop.ts";
import {
  htmlReply,
  jsonReply,
  type SimulatedReply,
  type SimulatedRequest,
} from "./simulator-kit/exchange.ts";
import { createFaults, type FaultRates, NO_FAULTS } from "./simulator-kit/faults.ts";
import { createSimulatedClock } from "./simulator-kit/simulated-clock.ts";
import {
  type CarrierSimulator,
  type MailSimulator,
  PAYMENT_INCIDENTS,
  type PaymentSimulator,
  type WebhookStatus,
} from "./simulator-kit/vendor-simulators.ts";
import { inboxPage, mailFrame, overviewPage, trackingPage } from "./simulator-pages.ts";
import { numberAt, objectAt, optionalTextAt } from "./vendor-kit/vendor-json.ts";

type SimulatorOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly httpPort: number;
  readonly smtpPort: number;
  /** Where the logs lie; the same folder at the next start goes on from them. */
  readonly dataFolder: string;
  /** The gateway's address for webhooks, to which kind, provider and account are added. */
  readonly webhooksUrl: string;
  readonly vendors: ConfiguredVendors;
  /** What the sandbox's shop has on sale; absent: there is no shop. */
  readonly goods?: readonly ShopGoods[];
  readonly logger: Logger;
};

export type Simulators = {
  readonly httpPort: number;
  readonly smtpPort: number;
  /** What reaches the sandbox's shop; null: there is none. */
  readonly shopAccount: Readonly<Record<string, string>> | null;
  stop(): Promise<void>;
};

const MAX_BODY_BYTES = 1024 * 1024;
const MAILS_A_PAGE = 50;
/** Every vendor's paths name a version; the sandbox's own pages do not. */
const VENDOR_CALL = /^(\/[a-z-]+)?\/v\d\//;

export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const { dataFolder, logger } = options;
  const clock = createSimulatedClock();
  const faults = createFaults();
  const payments = await Promise.all(
    simulated(paymentVendors, options.vendors["payments"]).map(async ({ vendor, settings }) =>
      (await vendor.simulator()).start({
        dataFolder,
        webhookUrl: `${options.webhooksUrl}/payments/${settings.provider}/${settings.account}`,
        settings,
        logger,
      }),
    ),
  );
  const carriers = await Promise.all(
    simulated(carrierVendors, options.vendors["carriers"]).map(async ({ vendor, settings }) =>
      (await vendor.simulator()).start({
        dataFolder,
        webhookUrl: `${options.webhooksUrl}/carriers/${settings.provider}/${settings.account}`,
        settings,
        clock,
        logger,
      }),
    ),
  );
  const mails = await startMails(options);
  const { goods } = options;
  const shop = goods === undefined ? null : await startSandboxShop({ goods, dataFolder, logger });

  /** The fleet asks for them, as it does for the pace. */
  let shortPicks = 0;
  let badNetwork = 0;

  function state(): unknown {
    return {
      speed: clock.speed,
      shortPicks,
      badNetwork,
      faults: faults.rates,
      webhooks: webhooksOf([...payments, ...carriers]),
      counts: {
        orders_charged: total(payments, (one) => one.orders()),
        labels: total(carriers, (one) => one.counts().labels),
        delivered: total(carriers, (one) => one.counts().delivered),
        mails: mails.count(),
      },
    };
  }

  /** @returns what is wrong with the change, or `null` where it was made. */
  function change(body: unknown): string | null {
    const speed = numberAt(body, "speed");
    if (speed !== undefined && !(speed > 0 && speed <= 10_000))
      return "speed must be above 0 and at most 10000";
    const asked = objectAt(body, "faults");
    const rates: FaultRates = { ...NO_FAULTS, ...asked };
    const shares = [rates.dropRequestRate, rates.dropReplyRate, rates.errorRate];
    const valid =
      Object.keys(rates).length === Object.keys(NO_FAULTS).length &&
      shares.every((share) => typeof share === "number" && share >= 0) &&
      shares.reduce((sum, share) => sum + share, 0) <= 1 &&
      rates.delayMs >= 0;
    if (!valid)
      return "faults takes dropRequestRate, dropReplyRate and errorRate, together at most 1, and delayMs";
    const short = numberAt(body, "shortPicks");
    if (short !== undefined && !(short >= 0 && short <= 1)) return "shortPicks must be from 0 to 1";
    const bad = numberAt(body, "badNetwork");
    if (bad !== undefined && !(bad >= 0 && bad <= 0.5)) return "badNetwork must be from 0 to 0.5";
    shortPicks = short ?? shortPicks;
    badNetwork = bad ?? badNetwork;
    if (speed !== undefined) clock.setSpeed(speed);
    if (asked !== undefined) faults.rates = rates;
    const seed = numberAt(body, "seed");
    if (seed !== undefined) faults.seed(seed);
    const webhooks = objectAt(body, "paymentWebhooks");
    if (webhooks !== undefined) {
      const copies = numberAt(webhooks, "copies") ?? 1;
      if (!Number.isInteger(copies) || copies < 1 || copies > 5) return "copies must be from 1 to 5";
      for (const one of payments) one.deliverWebhooks({ copies, shuffled: webhooks["shuffled"] === true });
    }
    if (objectAt(body)?.["forgetKeys"] === true) for (const one of payments) one.forgetKeys();
    return null;
  }

  /** @returns why nothing has happened, or `null` */
  function happen(body: unknown): string | null {
    const what = PAYMENT_INCIDENTS.find((one) => one === optionalTextAt(body, "what"));
    const orderId = optionalTextAt(body, "order");
    if (what === undefined || orderId === undefined)
      return `an incident takes order, and what: ${PAYMENT_INCIDENTS.join(", ")}`;
    const amount = numberAt(body, "amount");
    if (amount !== undefined && !(Number.isInteger(amount) && amount > 0))
      return "amount must be a whole number above 0";
    const incident = { orderId, what, ...(amount === undefined ? {} : { amount }) };
    const problems = payments.map((one) => one.incident(incident));
    return problems.includes(null) ? null : (problems[0] ?? "no payment provider is simulated");
  }

  function simulation(request: SimulatedRequest): SimulatedReply | undefined {
    const { method, path } = request;
    if (path === "/simulation" && method === "POST") {
      // The overview page sends a form, all other clients JSON.
      const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
      const text = request.body.toString("utf8");
      const body = isForm ? { speed: Number(new URLSearchParams(text).get("speed")) } : parseJson(text);
      const problem = body === undefined ? "the body must be a JSON object" : change(body);
      if (problem !== null) return jsonReply(400, { error: problem });
      if (isForm) return { status: 303, contentType: "text/plain", body: "", headers: { location: "/" } };
      return jsonReply(200, state());
    }
    if (path === "/simulation/incidents" && method === "POST") {
      const problem = happen(parseJson(request.body.toString("utf8")));
      return problem === null ? jsonReply(200, { happened: true }) : jsonReply(400, { error: problem });
    }
    if (shop !== null && path === "/simulation/shop")
      return method === "POST" ? shop.buy(parseJson(request.body.toString("utf8"))) : shop.state();
    if (method !== "GET") return undefined;
    if (path === "/simulation") return jsonReply(200, state());
    if (path === "/simulation/charges") return jsonReply(200, chargesAudit(payments));
    if (path === "/simulation/labels") return jsonReply(200, labelsAudit(carriers));
    if (path === "/simulation/mails") return jsonReply(200, mailsAudit(mails, request.query.get("q")));
    return undefined;
  }

  function pages(request: SimulatedRequest): SimulatedReply | undefined {
    if (request.method !== "GET") return undefined;
    const [, root, id, part] = request.path.split("/").map(decodeURIComponent);
    if (root === "") return htmlReply(overviewOf(clock.speed, payments, carriers, mails));
    if (root === "track" && id !== undefined) {
      for (const carrier of carriers) {
        const found = carrier.tracking(id);
        if (found !== undefined) return htmlReply(trackingPage(found.label, found.scans));
      }
      return undefined;
    }
    if (root !== "inbox") return undefined;
    const selected = id === undefined ? undefined : mails.find(Number(id));
    if (id !== undefined && selected === undefined) return undefined;
    if (selected !== undefined && part === "html") {
      return {
        ...htmlReply(mailFrame(selected)),
        headers: {
          "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        },
      };
    }
    if (selected !== undefined && part === "text") {
      return { status: 200, contentType: "text/plain; charset=utf-8", body: selected.text };
    }
    const filter = request.query.get("q") ?? "";
    const from = Math.max(0, Math.trunc(Number(request.query.get("from")) || 0));
    const found = mails.list(filter, from, MAILS_A_PAGE);
    return htmlReply(inboxPage({ ...found, filter, from, pageSize: MAILS_A_PAGE, selected }));
  }

  async function answer(request: SimulatedRequest): Promise<SimulatedReply> {
    const own = simulation(request);
    if (own !== undefined) return own;
    for (const vendor of [...payments, ...carriers]) {
      const reply = await vendor.handle(request);
      if (reply !== undefined) return reply;
    }
    return pages(request) ?? jsonReply(404, { error: "not found" });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message);
    if (request === undefined) {
      send(response, jsonReply(413, { error: "the body is too large" }));
      return;
    }
    const isApi = VENDOR_CALL.test(request.path);
    const fate = isApi ? faults.draw() : "answered";
    if (fate === "request-lost") {
      message.socket.destroy();
      return;
    }
    const reply =
      fate === "unavailable"
        ? jsonReply(503, {
            error: { message: "Service unavailable.", type: "api_error", code: "UNAVAILABLE" },
          })
        : await answer(request);
    if (isApi && faults.rates.delayMs > 0) await pause(faults.rates.delayMs);
    if (fate === "reply-lost") message.socket.destroy();
    else send(response, reply);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      logger.error({ err: error, path: message.url }, "a simulator failed");
      if (response.headersSent) message.socket.destroy();
      else send(response, jsonReply(500, { error: "the simulator failed" }));
    });
  });
  // Adapters keep connections open for longer than Node's 5 s, and could send to one that is just being
  // closed.
  server.keepAliveTimeout = 65_000;
  server.listen(options.httpPort, options.host);
  try {
    await once(server, "listening");
  } catch (error) {
    clock.stop();
    await Promise.all([mails.stop(), shop?.stop(), ...[...payments, ...carriers].map((one) => one.stop())]);
    throw error;
  }
  const httpPort = (server.address() as AddressInfo).port;
  logger.info({ httpPort, smtpPort: mails.port }, "simulators ready");

  return {
    httpPort,
    smtpPort: mails.port,
    shopAccount: shop?.account ?? null,
    async stop() {
      clock.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([
        closed,
        mails.stop(),
        shop?.stop(),
        ...[...payments, ...carriers].map((one) => one.stop()),
      ]);
    },
  };
}

async function readRequest(message: IncomingMessage): Promise<SimulatedRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Goes on reading, so that the answer reaches a client that is still sending.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) return undefined;
  const origin = `http://${message.headers.host ?? "localhost"}`;
  const url = new URL(message.url ?? "/", origin);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return {
    method: message.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks),
    origin,
  };
}

function send(response: ServerResponse, reply: SimulatedReply): void {
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    ...reply.headers,
  });
  response.end(reply.body);
}

function parseJson(text: string): unknown {
  try {
    return objectAt(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Each vendor that is configured, with its first account. */
function simulated<V extends { readonly provider: string }>(
  vendors: readonly V[],
  accounts: readonly VendorSettings[] = [],
): readonly { readonly vendor: V; readonly settings: VendorSettings }[] {
  return vendors.flatMap((vendor) => {
    const settings = accounts.find(({ provider }) => provider === vendor.provider);
    return settings === undefined ? [] : [{ vendor, settings }];
  });
}

async function startMails(options: SimulatorOptions): Promise<MailSimulator> {
  const [mailbox] = simulated(notificationVendors, options.vendors["notifications"]);
  if (mailbox === undefined) throw new Error("no way to write to shoppers is configured");
  const start = await mailbox.vendor.simulator();
  return start({
    host: options.host,
    port: options.smtpPort,
    dataFolder: options.dataFolder,
    logger: options.logger,
  });
}

function total<T>(list: readonly T[], pick: (one: T) => number): number {
  return list.reduce((sum, one) => sum + pick(one), 0);
}

function webhooksOf(senders: readonly Pick<CarrierSimulator, "webhooks">[]): WebhookStatus {
  const all = senders.map((one) => one.webhooks());
  return {
    waiting: total(all, (one) => one.waiting),
    failures: total(all, (one) => one.failures),
    lastFailure: all.find((one) => one.lastFailure !== null)?.lastFailure ?? null,
  };
}

function chargesAudit(payments: readonly PaymentSimulator[]): unknown {
  const orders = payments.flatMap((one) => one.charges());
  return {
    orders,
    /** Orders of which more was taken than was held, or more given back than was taken. */
    doubled: orders
      .filter(({ captured, authorized, refunded }) => captured > authorized || refunded > captured)
      .map(({ orderId }) => orderId),
  };
}

function labelsAudit(carriers: readonly CarrierSimulator[]): unknown {
  const labels = carriers.flatMap((one) => one.labels());
  return {
    labels,
    doubled: repeated(labels.filter(({ voided }) => !voided).map(({ reference }) => reference)),
  };
}

function mailsAudit(mails: MailSimulator, filter: string | null): unknown {
  const all = filter === null ? mails.all() : mails.list(filter, 0, MAILS_A_PAGE).mails;
  return { mails: all, repeated: repeated(all.map(({ messageId }) => messageId)) };
}

function repeated(keys: readonly (string | null)[]): readonly string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const key of keys) {
    if (key === null || key === "") continue;
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return [...twice];
}

function overviewOf(
  speed: number,
  payments: readonly PaymentSimulator[],
  carriers: readonly CarrierSimulator[],
  mails: MailSimulator,
): string {
  const charges = payments.flatMap((one) => one.charges());
  const { waiting, lastFailure } = webhooksOf([...payments, ...carriers]);
  return overviewPage({
    speed,
    authorizations: total(charges, (charge) => charge.authorizations),
    captures: total(charges, (charge) => charge.captures),
    refunds: total(charges, (charge) => charge.refunds),
    labels: carriers.flatMap((one) => one.labels()),
    mails: mails.count(),
    webhooksWaiting: waiting,
    webhookFailure: waiting === 0 ? null : lastFailure,
  });
}
