import type { OtherCompany } from "./other-companies.ts";
import type { RefundLimit } from "./refund-limits.ts";
import type { Role } from "./roles.ts";
import type { ProxyHeader } from "./trusted-proxies.ts";
import type { ConfiguredVendors, VendorContext } from "./vendor-settings.ts";

/**
 * Every setting of a Holdfast process, with its unit, default and reason. Read once, by a composition root,
 * from the environment; nothing else reads the environment.
 */
export type Settings = {
  /** `postgres://…`; absent: the embedded server (only `holdfast start`). `DATABASE_URL`. */
  readonly databaseUrl: string | null;
  /** `host:port`; absent: the dev server (only `holdfast start`). `TEMPORAL_ADDRESS`. */
  readonly temporalAddress: string | null;
  /** Temporal namespace. `TEMPORAL_NAMESPACE`, default `default`. */
  readonly temporalNamespace: string;
  readonly temporal: {
    /** `TEMPORAL_TLS`, default on where any of the following is set. */
    readonly tls: boolean;
    /** `TEMPORAL_API_KEY`. */
    readonly apiKey: string | null;
    /** PEM file of the authority that Temporal's certificate comes from. `TEMPORAL_CA_FILE`. */
    readonly caFile: string | null;
    /** PEM files by which Temporal knows us. `TEMPORAL_CERT_FILE` and `TEMPORAL_KEY_FILE`. */
    readonly certFile: string | null;
    readonly keyFile: string | null;
    /** Name in its certificate, where it is not that of the address. `TEMPORAL_SERVER_NAME`. */
    readonly serverName: string | null;
    /** `host:port` at which its library serves its own metrics. `TEMPORAL_METRICS_ADDRESS`. */
    readonly metricsAddress: string | null;
  };
  /** `mqtt://…`; absent: the in-process broker (only `holdfast start`). `MQTT_URL`. */
  readonly mqttUrl: string | null;
  readonly mqtt: {
    /** `MQTT_PROTOCOL_VERSION`, default 3.1.1. */
    readonly protocolVersion: 4 | 5;
    /** The level in front of all topics, where companies share the broker. `HOLDFAST_MQTT_PREFIX`. */
    readonly topicPrefix: string | null;
    /**
     * Whether one process speaks with all devices, or one with those of each site. `HOLDFAST_DEVICES_BY`,
     * default `company`.
     */
    readonly devicesBy: "company" | "site";
    /** PEM file of the authority that the broker's certificate comes from. `MQTT_CA_FILE`. */
    readonly caFile: string | null;
    /** PEM files by which the broker knows the bridge. `MQTT_CERT_FILE` and `MQTT_KEY_FILE`. */
    readonly certFile: string | null;
    readonly keyFile: string | null;
  };
  /** Under which stored secrets are sealed (`config/secret-box.ts`); one of the two, or none to `start`. */
  readonly secrets: {
    /** The keys themselves. `HOLDFAST_SECRETS_KEY`. */
    readonly keys: string | null;
    /** A file that holds them. `HOLDFAST_SECRETS_KEY_FILE`. */
    readonly keyFile: string | null;
  };
  /** The identity provider by which staff sign in; null: none is set. */
  readonly singleSignOn: {
    /** Base of its discovery document. `HOLDFAST_OIDC_ISSUER`. */
    readonly issuer: string;
    /** Under which it knows us. `HOLDFAST_OIDC_CLIENT_ID`. */
    readonly clientId: string;
    /** One of the two. `HOLDFAST_OIDC_CLIENT_SECRET`, `HOLDFAST_OIDC_CLIENT_SECRET_FILE`. */
    readonly clientSecret: string | null;
    readonly clientSecretFile: string | null;
    /** How the secret is given. `HOLDFAST_OIDC_CLIENT_AUTH`, default `client_secret_basic`. */
    readonly clientAuth: "client_secret_basic" | "client_secret_post";
    /** What people call it. `HOLDFAST_OIDC_NAME`, default its host. */
    readonly name: string;
    /** Whoever is no administrator signs in by it only. `HOLDFAST_OIDC_REQUIRED`, default off. */
    readonly required: boolean;
  } | null;
  /** What this process does of the whole. `HOLDFAST_ROLES`, default everything. */
  readonly roles: readonly Role[];
  /**
   * By which processes of one system reach the engine's, and gateways count attempts to sign in together.
   * Needed where not everything is in one process. `REDIS_URL`.
   */
  readonly redisUrl: string | null;
  /** PEM file of the authority that its certificate comes from. `REDIS_CA_FILE`. */
  readonly redisCaFile: string | null;
  /** Other companies' systems that people are led to. `HOLDFAST_OTHER_COMPANIES`. */
  readonly otherCompanies: readonly OtherCompany[];
  /**
   * Networks of the proxies whose word about their callers counts, in CIDR notation.
   * `HOLDFAST_TRUSTED_PROXIES`.
   */
  readonly trustedProxies: readonly string[];
  /** The header in which they tell of them. `HOLDFAST_PROXY_HEADER`. */
  readonly proxyHeader: ProxyHeader;
  /**
   * Address that servers listen on. Loopback unless set: nobody else should reach a sandbox. `HOLDFAST_HOST`.
   */
  readonly host: string;
  /** The gateway's own certificate; null: it speaks plain HTTP, and a proxy in front of it TLS. */
  readonly tls: {
    /** PEM, with the chain after it. `HOLDFAST_TLS_CERT_FILE`. */
    readonly certFile: string;
    /** PEM. `HOLDFAST_TLS_KEY_FILE`. */
    readonly keyFile: string;
  } | null;
  /** Browsers keep to https for hosts below the public one, too. `HOLDFAST_HSTS_SUBDOMAINS`, default off. */
  readonly hstsSubdomains: boolean;
  /** Names by which the gateway is reached beside that of the public URL. `HOLDFAST_ALLOWED_HOSTS`. */
  readonly allowedHosts: readonly string[];
  /** Base URL by which shoppers and carriers reach the gateway. `HOLDFAST_PUBLIC_URL`. */
  readonly publicUrl: string;
  readonly ports: {
    readonly gateway: number;
    readonly mqtt: number;
    readonly temporal: number;
    readonly temporalUi: number;
    readonly postgres: number;
    /** The simulators' HTTP port (payment provider, carrier, inbox page), sandbox only. */
    readonly simulators: number;
    /** The simulators' SMTP port, sandbox only. */
    readonly smtp: number;
  };
  /**
   * Where the embedded servers keep their data. `HOLDFAST_DATA`, default `.holdfast` in the working
   * directory.
   */
  readonly dataFolder: string;
  /** File of the rules by which orders are sourced. `HOLDFAST_SOURCING_RULES`. */
  readonly sourcingRulesFile: string;
  /** GS1 company prefixes whose RFID tags are ours. `HOLDFAST_COMPANY_PREFIXES`, default the sandbox's. */
  readonly companyPrefixes: readonly string[];
  /** What members of each role may give away on one order in a day. `HOLDFAST_REFUND_LIMITS`. */
  readonly refundLimits: readonly RefundLimit[];
  readonly engine: {
    /** Worker threads that run shards; at least 2. `HOLDFAST_ENGINE_THREADS`. */
    readonly threads: number;
    /**
     * MiB of JavaScript heap that one of them may take before it is ended and rebuilt.
     * `HOLDFAST_THREAD_MEMORY_MB`.
     */
    readonly threadMemoryMb: number;
    /** Logical shards; fixed when a database is first used. `HOLDFAST_SHARDS`. */
    readonly shards: number;
  };
  /** The accounts at outside vendors, by kind (`payments`, `carriers`, `notifications`), in order. */
  readonly vendors: ConfiguredVendors;
  /**
   * Networks that are not public and that webhooks are sent to, in CIDR notation.
   * `HOLDFAST_WEBHOOK_NETWORKS`.
   */
  readonly webhookNetworks: readonly string[];
  /** What accounts that people set are held to, and what they have where nothing is set for them. */
  readonly vendorContext: VendorContext;
  /** Where traces are sent; null: nowhere, and none are made. By OpenTelemetry's own variables. */
  readonly traces: TraceSettings | null;
  /** Names this process among those of its system, in metrics and traces. `HOLDFAST_NODE`. */
  readonly node: string;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
};

export type TraceSettings = {
  /** Of the collector, with its path. `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** `OTEL_EXPORTER_OTLP_PROTOCOL`, default `http/protobuf`. */
  readonly protocol: "http/protobuf" | "http/json";
  /** The part of all traces that is collected, 0 to 1. `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`. */
  readonly ratio: number;
  /** `OTEL_SERVICE_NAME`, default `holdfast`. */
  readonly serviceName: string;
};
