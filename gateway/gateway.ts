/**
 * The edge as one part: REST, webhooks, the WebSocket stream and the dashboard's files on one port. The
 * composition root hands in everything that it needs. Everything that it does to orders goes through
 * operations.
 */
import { hostname } from "node:os";
import type { Logger } from "pino";
import { JobLog } from "../config/job-log.ts";
import {
  ALL_WORK,
  ANONYMOUS_BUCKET,
  AUDIT_REFUSAL_BUCKET,
  CALLER_WORK,
  IDEMPOTENCY_CLAIM_MS,
  LOGIN_ACCOUNT_BUCKET,
  LOGIN_ADDRESS_BUCKET,
  MAX_BUCKETS,
  PERSONAL_DATA_LOOKS,
  REQUEST_BUCKET,
  RESET_BUCKET,
  SECOND_FACTOR_BUCKET,
} from "../config/limits.ts";
import type { OtherCompany } from "../config/other-companies.ts";
import { DEFAULT_REFUND_LIMITS, type RefundLimit, readRefundLimits } from "../config/refund-limits.ts";
import type { SecretBox } from "../config/secret-box.ts";
import type { ProxyHeader } from "../config/trusted-proxies.ts";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import { createDocumentPool } from "../operations/documents/document-pool.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { ChannelDesk } from "../ports/channel-desk.ts";
import type { ChannelAdapter } from "../ports/channels.ts";
import type { BridgeStatus, DeviceProtocols } from "../ports/devices.ts";
import type { Mailer } from "../ports/notifications.ts";
import { parcelLimitOf } from "../ports/parcel-limit.ts";
import type { PaymentProvider } from "../ports/payments.ts";
import type { VendorDesk } from "../ports/vendor-desk.ts";
import type { VendorRoster } from "../ports/vendor-roster.ts";
import type { WebhookSender } from "../ports/webhook-sender.ts";
import { forgetIdempotencyKeys } from "../store/access/idempotency.ts";
import { forgetChannelSecrets } from "../store/catalog/channel-secrets.ts";
import { readCompanyIdentity } from "../store/catalog/companies.ts";
import { readSystemFigures } from "../store/figures/system-figures.ts";
import { forgetChannelWebhooks } from "../store/orders/channel-webhooks.ts";
import { forgetPaymentEvents } from "../store/orders/payment-events.ts";
import { type Database, type PoolFigures, poolFigures } from "../store/sql/database.ts";
import { cookieNames } from "./access/authentication.ts";
import { clientAddressBehind } from "./access/client-address.ts";
import { GatewayCount } from "./access/gateway-count.ts";
import { GuessLimit, LocalDelays } from "./access/guess-limit.ts";
import { SharedAllowance } from "./access/shared-allowance.ts";
import { connectRedis, SharedDelays, SharedTokenBuckets } from "./access/shared-token-buckets.ts";
import { type Allowance, type BucketRate, type RateLimiter, TokenBuckets } from "./access/token-buckets.ts";
import { WorkInHand } from "./access/work-in-hand.ts";
import { BackgroundWork } from "./http/background-work.ts";
import { shopperPolicy } from "./http/content-policy.ts";
import { startHttpServer, type TlsFiles } from "./http/http-server.ts";
import { knownHosts } from "./http/known-host.ts";
import { openApiDocument } from "./http/openapi.ts";
import { keptReadiness } from "./http/readiness.ts";
import { createRestHandler } from "./http/rest-handler.ts";
import type { DependencyState, Services, SingleSignOn } from "./http/route.ts";
import { SecurityEvents } from "./http/security-events.ts";
import { loadStaticFiles } from "./http/static-files.ts";
import { streamedRequests } from "./http/streamed-body.ts";
import { createMetrics } from "./metrics/metrics.ts";
import type { MetricSources } from "./metrics/sources.ts";
import { ROUTE_ANSWERS } from "./routes/route-answers.ts";
import { routeTable } from "./routes/route-table.ts";
import { WHEREABOUTS } from "./routes/whereabouts.ts";
import { asyncApiDocument } from "./stream/asyncapi.ts";
import { createStreamServer } from "./stream/stream-server.ts";

type GatewayOptions = {
  readonly host: string;
  /** 0: any free port; the one chosen is returned. */
  readonly port: number;
  /** Base URL by which shoppers and carriers reach the gateway; its origin is accepted from browsers. */
  readonly publicUrl: string;
  readonly database: Database;
  readonly allocator: AllocatorClient;
  /** The engine of this process, for its metrics; null: it has none. Absent: `allocator` is. */
  readonly ownEngine?: Pick<AllocatorClient, "status"> | null;
  /** Where other processes have an engine; absent: this one has the only one. */
  readonly engineProcess?: NonNullable<Services["operations"]["engineProcess"]>;
  /** `health`: nothing but whether the process is well, and its metrics. Absent: everything. */
  readonly serves?: "health";
  /** By kind. */
  readonly channelAdapters: ReadonlyMap<string, ChannelAdapter>;
  /** Opens and seals the secrets that are stored. */
  readonly secrets: SecretBox;
  readonly carriers: VendorRoster<Carrier>;
  readonly payments: VendorRoster<PaymentProvider>;
  /** Accounts of the other kinds of vendors, which the settings page lists. Absent: none. */
  readonly otherVendors?: readonly VendorRoster<unknown>[];
  /** Makes accounts that people set work; absent: those that are given here are all. */
  readonly vendorDesk?: VendorDesk;
  /** Absent: no channel can be connected here. */
  readonly channelDesk?: ChannelDesk;
  /** By which others are told what happens to orders; absent: this gateway takes no addresses. */
  readonly webhookSender?: WebhookSender;
  readonly devices: DeviceProtocols;
  /** By whom staff may sign in beside us; absent: nobody. */
  readonly singleSignOn?: SingleSignOn | null;
  /** By which people get their links; absent: they are only shown to who makes them. */
  readonly mailer?: Mailer;
  /** How the device bridge of this process is; absent: it has none. */
  readonly bridgeStatus?: () => BridgeStatus;
  /** The built dashboard; where it does not exist the gateway serves the API only. */
  readonly dashboardFolder: string;
  /** Where all gateways together count requests and attempts to sign in; absent: each counts alone. */
  readonly redisUrl?: string | null;
  /** Requests of one known caller at all gateways together. Default: `REQUEST_BUCKET`. */
  readonly callerRate?: BucketRate;
  /** Its certificate, where it speaks TLS itself. Absent: whoever is in front of it does. */
  readonly tls?: TlsFiles | null;
  /** Browsers keep to https for hosts below the public one, too; absent: for this one alone. */
  readonly hstsSubdomains?: boolean;
  /** PEM of the authority behind Redis' certificate; absent: the system's. */
  readonly redisCa?: string | null;
  /** Names by which it is reached beside that of the public URL. Absent: none. */
  readonly allowedHosts?: readonly string[];
  /** Other companies' systems that the sign-in page and the account's menu lead to. Absent: none. */
  readonly otherCompanies?: readonly OtherCompany[];
  /** Networks of the proxies in front of it, in CIDR notation; absent: whoever connects is the client. */
  readonly trustedProxies?: readonly string[];
  /** In which they tell of their callers. Absent: `x-forwarded-for`. */
  readonly proxyHeader?: ProxyHeader;
  readonly logger: Logger;
  readonly readiness: () => Promise<readonly DependencyState[]>;
  /** What this process is, and what its other parts count. Absent: an edge alone. */
  readonly node?: NodeSources;
  /** Absent: the standard ones. */
  readonly refundLimits?: readonly RefundLimit[];
};

export type NodeSources = Pick<
  MetricSources,
  "node" | "version" | "roles" | "engine" | "sagas" | "channelCalls"
> & {
  readonly jobLog: JobLog;
  /** Connections to PostgreSQL of other parts of the process, by name. */
  readonly otherPools?: () => Readonly<Record<string, PoolFigures>>;
};

const NO_WEBHOOKS: WebhookSender = {
  problemOf: () => "This system sends no webhooks.",
  send: async () => ({
    status: null,
    problem: "This system sends no webhooks.",
    ms: 0,
    answer: null,
    retryAfterMs: null,
  }),
};

export type Gateway = { readonly port: number; stop(): Promise<void> };

/** What whoever supervises a process asks, whatever the process does. */
const HEALTH_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);

/** How often what is past its retention is forgotten. */
const HOUSEKEEPING_MS = 60 * IDEMPOTENCY_CLAIM_MS;

/** @throws Error with code `EADDRINUSE` where the port is taken */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { database, allocator, logger } = options;
  const documents = createDocumentPool();
  const company = await readCompanyIdentity(database);
  const identity = company?.identity ?? null;
  // One that answers for its health alone gives nobody anything, and counts for none.
  const isWhole = options.serves === undefined;
  const redis =
    options.redisUrl == null || !isWhole
      ? null
      : connectRedis(options.redisUrl, {
          company: identity ?? "none",
          logger,
          ca: options.redisCa ?? null,
        });
  const cookies = cookieNames(options.publicUrl, identity);
  const gateways = redis === null ? null : new GatewayCount(redis);
  const sharedLimit = (name: string, rate: BucketRate): RateLimiter => {
    const alone = new TokenBuckets(rate, MAX_BUCKETS, () => gateways?.known() ?? 1);
    return redis === null ? alone : new SharedTokenBuckets(redis, name, rate, alone);
  };
  const allowances: SharedAllowance[] = [];
  const requestLimit = (name: string, rate: BucketRate): Allowance => {
    if (redis === null || gateways === null) return new TokenBuckets(rate, MAX_BUCKETS);
    const shared = new SharedAllowance(redis, name, rate, MAX_BUCKETS, gateways);
    allowances.push(shared);
    return shared;
  };
  const aloneDelays = new LocalDelays(MAX_BUCKETS);
  const clientAddress = clientAddressBehind(
    options.trustedProxies ?? [],
    options.proxyHeader ?? "x-forwarded-for",
  );
  const background = new BackgroundWork(logger);
  const node: NodeSources = options.node ?? {
    node: hostname(),
    version: "0",
    roles: ["gateway"],
    jobLog: new JobLog(),
  };
  const { ownEngine = allocator } = options;
  const look = keptReadiness(options.readiness, () => performance.now());
  const services: Services = {
    database,
    allocator,
    operations: {
      database,
      allocator,
      parcelLimit: parcelLimitOf(options.carriers),
      now: Date.now,
      channelAdapters: options.channelAdapters,
      ...(options.engineProcess === undefined ? {} : { engineProcess: options.engineProcess }),
    },
    people: {
      database,
      secrets: options.secrets,
      mailer: options.mailer ?? null,
      publicUrl: options.publicUrl,
    },
    singleSignOn: options.singleSignOn ?? null,
    documents,
    channelAdapters: options.channelAdapters,
    secrets: options.secrets,
    carriers: options.carriers,
    payments: options.payments,
    devices: options.devices,
    vendors: [options.payments, ...(options.otherVendors ?? []), options.carriers],
    vendorDesk: options.vendorDesk ?? null,
    channelDesk: options.channelDesk ?? null,
    webhookSender: options.webhookSender ?? NO_WEBHOOKS,
    publicUrl: options.publicUrl,
    cookies,
    otherCompanies: options.otherCompanies ?? [],
    hosts: knownHosts(options.publicUrl, options.allowedHosts ?? []),
    refundLimits: options.refundLimits ?? readRefundLimits(DEFAULT_REFUND_LIMITS) ?? [],
    readiness: look,
    metrics: createMetrics({
      ...node,
      ...(ownEngine === null ? {} : { allocator: ownEngine }),
      pools: () => ({ main: poolFigures(database), ...node.otherPools?.() }),
      readSystem: () => readSystemFigures(database),
      dependencies: look,
      jobs: () => node.jobLog.figures(),
      ...(options.bridgeStatus === undefined ? {} : { bridge: options.bridgeStatus }),
    }),
    guesses: new GuessLimit(
      redis === null ? aloneDelays : new SharedDelays(redis, aloneDelays),
      sharedLimit("login-account", LOGIN_ACCOUNT_BUCKET),
      sharedLimit("login-address", LOGIN_ADDRESS_BUCKET),
    ),
    clientAddress,
    linkAddressLimit: sharedLimit("link-address", LOGIN_ADDRESS_BUCKET),
    resetLimit: sharedLimit("reset", RESET_BUCKET),
    secondFactorLimit: sharedLimit("second-factor", SECOND_FACTOR_BUCKET),
    lookLimit: sharedLimit("look", PERSONAL_DATA_LOOKS),
    background,
    addressBuckets: requestLimit("address", ANONYMOUS_BUCKET),
    callerBuckets: requestLimit("caller", options.callerRate ?? REQUEST_BUCKET),
    work: new WorkInHand({ ofCaller: CALLER_WORK, ofAll: ALL_WORK }),
    security: new SecurityEvents(database, logger, sharedLimit("refusal", AUDIT_REFUSAL_BUCKET)),
    logger,
  };
  const routes = isWhole ? routeTable : routeTable.filter(({ path }) => HEALTH_PATHS.has(path));
  const stream = isWhole ? createStreamServer(services) : null;
  const http = await startHttpServer({
    host: options.host,
    port: options.port,
    logger,
    isSecure: new URL(options.publicUrl).protocol === "https:",
    hstsSubdomains: options.hstsSubdomains ?? false,
    tls: options.tls ?? null,
    clientAddress,
    isStreamed: streamedRequests(routes),
    handler: createRestHandler(
      routes,
      services,
      loadStaticFiles(options.dashboardFolder, () => shopperPolicy(options.payments), options.publicUrl),
      new Map([
        ["/asyncapi.json", once(() => asyncApiDocument({ publicUrl: options.publicUrl }))],
        [
          "/openapi.json",
          once(() =>
            openApiDocument(routes, {
              answers: ROUTE_ANSWERS,
              whereabouts: WHEREABOUTS,
              publicUrl: options.publicUrl,
              sessionCookie: cookies.session,
            }),
          ),
        ],
      ]),
      WHEREABOUTS,
    ),
    ...(stream === null ? {} : { addRoutes: stream.addRoutes }),
  });
  const forgetting = isWhole ? node.jobLog.of("forget-keys-and-webhooks", HOUSEKEEPING_MS) : null;
  const housekeeping = setInterval(() => {
    if (forgetting === null) return;
    const forget = [forgetIdempotencyKeys, forgetPaymentEvents, forgetChannelWebhooks, forgetChannelSecrets];
    Promise.all(forget.map((each) => each(database))).then(forgetting.done, (error: unknown) => {
      forgetting.failed();
      logger.warn({ err: error }, "old idempotency keys, webhooks or secrets could not be forgotten");
    });
  }, HOUSEKEEPING_MS);
  housekeeping.unref();
  const stop = async (): Promise<void> => {
    clearInterval(housekeeping);
    await stream?.stop();
    await http.stop();
    await background.settled();
    await documents.close();
    for (const allowance of allowances) allowance.stop();
    await gateways?.stop();
    redis?.disconnect();
  };
  let stopped: Promise<void> | null = null;
  return {
    port: http.port,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Made for whoever asks first. */
function once(make: () => string): () => string {
  let made: string | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
