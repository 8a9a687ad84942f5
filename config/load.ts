/**
 * Reads the settings from an environment. Every variable is checked, and every problem is reported at once,
 * by the variable's name, so that a wrong deployment is corrected in one round.
 */
import { isIP } from "node:net";
import { hostname } from "node:os";
import { isAbsolute, join } from "node:path";
import { readOtherCompanies } from "./other-companies.ts";
import { isDatabasePlain, isLoopback, passwordWeakness, weaknessOf } from "./production.ts";
import { projectRoot } from "./project-root.ts";
import { DEFAULT_REFUND_LIMITS, readRefundLimits } from "./refund-limits.ts";
import { ROLES, type Role, readRoles } from "./roles.ts";
import { readSecretKeys } from "./secret-box.ts";
import type { Settings } from "./settings.ts";
import { problemOfTopicPrefix } from "./topic-prefix.ts";
import { readTraceSettings } from "./trace-settings.ts";
import { PROXY_HEADERS, readNetworks } from "./trusted-proxies.ts";
import {
  readVendors,
  type VariableReader,
  type VendorContext,
  type VendorKind,
  type VendorVariable,
} from "./vendor-settings.ts";

/** `start` brings its own servers and a sandbox. `serve` is production: nothing that matters is assumed. */
type SettingsMode = "start" | "serve";

type SettingsProblem = { readonly variable: string; readonly problem: string };

type SettingsReading =
  | { readonly status: "ok"; readonly settings: Settings }
  | { readonly status: "invalid"; readonly problems: readonly SettingsProblem[] };

type Variable = {
  readonly name: string;
  readonly meaning: string;
  readonly standard: string;
  readonly requiredToServe: boolean;
};

const VARIABLES: readonly Variable[] = [
  variable(
    "DATABASE_URL",
    "PostgreSQL, postgres://user:password@host:port/database",
    "embedded server",
    true,
  ),
  variable("TEMPORAL_ADDRESS", "Temporal's front end, host:port", "embedded dev server", true),
  variable("TEMPORAL_NAMESPACE", "Temporal namespace", "default"),
  variable(
    "TEMPORAL_TLS",
    "on or off: whether Temporal is spoken to over TLS",
    "on with a key or a file below",
  ),
  variable("TEMPORAL_API_KEY", "API key for Temporal, as Temporal Cloud gives it", "none"),
  variable("TEMPORAL_CA_FILE", "PEM file of the authority behind Temporal's certificate", "the system's"),
  variable("TEMPORAL_CERT_FILE", "PEM file of the certificate by which Temporal knows us", "none"),
  variable("TEMPORAL_KEY_FILE", "PEM file of that certificate's key", "none"),
  variable(
    "TEMPORAL_SERVER_NAME",
    "Name in Temporal's certificate, where it is not that of its address",
    "none",
  ),
  variable(
    "TEMPORAL_METRICS_ADDRESS",
    "host:port at which Temporal's library serves metrics of its own to Prometheus",
    "none",
  ),
  variable("MQTT_URL", "MQTT broker of the devices, mqtt://host:port", "broker inside the process", true),
  variable("MQTT_PROTOCOL_VERSION", "MQTT version that the bridge speaks, 3.1.1 or 5", "3.1.1"),
  variable(
    "HOLDFAST_MQTT_PREFIX",
    "Level in front of all topics, where several companies share the broker",
    "none: the company has the broker for itself",
  ),
  variable(
    "HOLDFAST_DEVICES_BY",
    "Whether one process speaks with the devices of the company, or one with those of each site",
    "company",
  ),
  variable("MQTT_CA_FILE", "PEM file of the authority behind the broker's certificate", "the system's"),
  variable("MQTT_CERT_FILE", "PEM file of the certificate by which the broker knows the bridge", "none"),
  variable("MQTT_KEY_FILE", "PEM file of that certificate's key", "none"),
  variable(
    "HOLDFAST_PUBLIC_URL",
    "Base URL by which shoppers and carriers reach the gateway",
    "http://host:port",
    true,
  ),
  variable(
    "HOLDFAST_SECRETS_KEY_FILE",
    "File of the keys that stored secrets are sealed under, id:base64 a line; needed to serve",
    "a key of the data folder",
  ),
  variable("HOLDFAST_SECRETS_KEY", "The same keys themselves, in place of the file", "none"),
  variable(
    "HOLDFAST_OTHER_COMPANIES",
    "Other companies' systems that the pages lead to: name=url, with commas between them",
    "none",
  ),
  variable(
    "HOLDFAST_OIDC_ISSUER",
    "Identity provider by which staff sign in (OpenID Connect), its issuer",
    "none",
  ),
  variable("HOLDFAST_OIDC_CLIENT_ID", "Client id under which the identity provider knows us", "none"),
  variable("HOLDFAST_OIDC_CLIENT_SECRET_FILE", "File of the client secret that it gave us", "none"),
  variable("HOLDFAST_OIDC_CLIENT_SECRET", "The secret itself, in place of the file", "none"),
  variable(
    "HOLDFAST_OIDC_CLIENT_AUTH",
    "How the secret is given: client_secret_basic or client_secret_post",
    "client_secret_basic",
  ),
  variable("HOLDFAST_OIDC_NAME", "What people call the identity provider, on the sign-in page", "its host"),
  variable(
    "HOLDFAST_OIDC_REQUIRED",
    "on or off: whoever is no administrator signs in by the identity provider only",
    "off",
  ),
  variable(
    "HOLDFAST_ROLES",
    `What this process does of the whole: ${ROLES.join(", ")}, with commas between them; serve only`,
    "all",
  ),
  variable(
    "REDIS_URL",
    "By which processes with roles reach each other, and gateways count attempts to sign in together",
    "none: everything is in one process",
  ),
  variable("REDIS_CA_FILE", "PEM file of the authority behind Redis' certificate", "the system's"),
  variable(
    "HOLDFAST_WEBHOOK_NETWORKS",
    "Networks that are not public and that webhooks may be sent to, in CIDR notation with commas between them",
    "this machine; serve: none",
  ),
  variable(
    "HOLDFAST_TRUSTED_PROXIES",
    "Networks of the proxies in front of the gateway, in CIDR notation with commas between them",
    "none: whoever connects is the client",
  ),
  variable(
    "HOLDFAST_PROXY_HEADER",
    "Header in which they tell of their callers: x-forwarded-for or forwarded",
    "x-forwarded-for",
  ),
  variable("HOLDFAST_HOST", "Address that servers listen on", "127.0.0.1"),
  variable(
    "HOLDFAST_ALLOWED_HOSTS",
    "Names by which the gateway is reached beside that of HOLDFAST_PUBLIC_URL, with commas between them",
    "none",
  ),
  variable(
    "HOLDFAST_TLS_CERT_FILE",
    "PEM file of the gateway's own certificate, with the chain after it",
    "none: a proxy in front speaks TLS",
  ),
  variable("HOLDFAST_TLS_KEY_FILE", "PEM file of that certificate's key", "none"),
  variable(
    "HOLDFAST_HSTS_SUBDOMAINS",
    "on or off: browsers keep to https for every host below that of HOLDFAST_PUBLIC_URL, too",
    "off",
  ),
  variable("HOLDFAST_DATA", "Folder of the embedded servers' data, keys and logs", ".holdfast"),
  variable("HOLDFAST_PORT", "Gateway's port: REST, WebSocket, dashboard", "7400"),
  variable("HOLDFAST_MQTT_PORT", "Port of the broker inside the process", "1883"),
  variable("HOLDFAST_TEMPORAL_PORT", "Port of the embedded Temporal server", "7233"),
  variable("HOLDFAST_TEMPORAL_UI_PORT", "Port of the Temporal UI", "8233"),
  variable("HOLDFAST_POSTGRES_PORT", "Port of the embedded PostgreSQL", "5433"),
  variable("HOLDFAST_SIMULATORS_PORT", "Port of the payment and carrier simulators", "7410"),
  variable("HOLDFAST_SMTP_PORT", "Port of the sandbox inbox's SMTP server", "7425"),
  variable("HOLDFAST_ENGINE_THREADS", "Worker threads that run stock actors, 2 to 64", "2"),
  variable("HOLDFAST_THREAD_MEMORY_MB", "MiB of heap that one of them may take, 256 to 32768", "2048"),
  variable("HOLDFAST_SHARDS", "Logical shards; fixed when a database is first used", "16"),
  variable(
    "HOLDFAST_COMPANY_PREFIXES",
    "GS1 company prefixes whose RFID tags are ours, with commas between them",
    "9521234",
  ),
  variable(
    "HOLDFAST_SOURCING_RULES",
    "File of the rules by which orders are sourced",
    "config/sourcing-rules.json",
  ),
  variable(
    "HOLDFAST_REFUND_LIMITS",
    "What a role may give away on one order in a day: role=amount or role=amount CUR, with commas between them",
    DEFAULT_REFUND_LIMITS,
  ),
  variable(
    "HOLDFAST_ALLOW_PLAINTEXT",
    "Variables, with commas between them, whose server is spoken to without TLS although it is not on this machine",
    "none",
  ),
  variable(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "Collector of traces, its base URL for OTLP over HTTP; OpenTelemetry's other variables count, too",
    "none: no traces are made",
  ),
  variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "The same with its path", "the former and /v1/traces"),
  variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf or http/json", "http/protobuf"),
  variable(
    "OTEL_TRACES_SAMPLER",
    "Which traces are collected: always_on, always_off, traceidratio",
    "always_on",
  ),
  variable("OTEL_TRACES_SAMPLER_ARG", "The part of them that traceidratio collects, 0 to 1", "1"),
  variable("OTEL_SERVICE_NAME", "What traces call the system", "holdfast"),
  variable("OTEL_SDK_DISABLED", "true: no traces are made", "false"),
  variable(
    "HOLDFAST_NODE",
    "Name of this process among those of its system, in metrics, traces and on the page System",
    "the machine's name, and the roles where they are not all",
  ),
  variable("HOLDFAST_LOG_LEVEL", "debug, info, warn or error", "info"),
];

/** Every variable, for `--help` and docs/operations.md. `standard` is what `holdfast start` assumes. */
export function settingsVariables(kinds: readonly VendorKind[]): readonly Variable[] {
  return [
    ...VARIABLES,
    ...kinds.flatMap((kind): readonly (Variable | VendorVariable)[] => [
      variable(kind.variable, kind.meaning, kind.standard),
      ...kind.vendors.flatMap((vendor) => vendor.variables),
    ]),
  ];
}

function variable(name: string, meaning: string, standard: string, requiredToServe = false): Variable {
  return { name, meaning, standard, requiredToServe };
}

export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  mode: SettingsMode,
  workingFolder: string,
  kinds: readonly VendorKind[],
): SettingsReading {
  const problems: SettingsProblem[] = [];
  const text = (name: string): string | null => {
    const value = environment[name]?.trim();
    return value === undefined || value === "" ? null : value;
  };
  const complain = (name: string, problem: string): null => {
    problems.push({ variable: name, problem });
    return null;
  };
  const url = (name: string, protocols: readonly string[]): string | null => {
    const value = text(name);
    if (value === null) return null;
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (parsed === null || !protocols.includes(parsed.protocol)) {
      return complain(name, `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`);
    }
    return value.replace(/\/+$/, "");
  };
  const integer = (name: string, standard: number, least: number, most: number): number => {
    const value = text(name);
    if (value === null) return standard;
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      complain(name, `must be a whole number from ${least} to ${most}, not "${value}"`);
      return standard;
    }
    return number;
  };
  const port = (name: string, standard: number): number => integer(name, standard, 1, 65_535);

  if (mode === "serve") {
    for (const { name, meaning, requiredToServe } of VARIABLES) {
      if (requiredToServe && text(name) === null) complain(name, `is not set: ${meaning}`);
    }
  }

  const host = text("HOLDFAST_HOST") ?? "127.0.0.1";
  const ports = {
    gateway: port("HOLDFAST_PORT", 7400),
    mqtt: port("HOLDFAST_MQTT_PORT", 1883),
    temporal: port("HOLDFAST_TEMPORAL_PORT", 7233),
    temporalUi: port("HOLDFAST_TEMPORAL_UI_PORT", 8233),
    postgres: port("HOLDFAST_POSTGRES_PORT", 5433),
    simulators: port("HOLDFAST_SIMULATORS_PORT", 7410),
    smtp: port("HOLDFAST_SMTP_PORT", 7425),
  };
  const temporalAddress = text("TEMPORAL_ADDRESS");
  if (temporalAddress !== null && !isHostAndPort(temporalAddress)) {
    complain("TEMPORAL_ADDRESS", `must be host:port, not "${temporalAddress}"`);
  }
  const metricsAddress = text("TEMPORAL_METRICS_ADDRESS");
  if (metricsAddress !== null && !isSocketAddress(metricsAddress)) {
    complain("TEMPORAL_METRICS_ADDRESS", `must be an IP address and a port, not "${metricsAddress}"`);
  }
  const mqttVersion = text("MQTT_PROTOCOL_VERSION") ?? "3.1.1";
  if (mqttVersion !== "3.1.1" && mqttVersion !== "5") {
    complain("MQTT_PROTOCOL_VERSION", `must be 3.1.1 or 5, not "${mqttVersion}"`);
  }
  if (mqttVersion === "5" && text("MQTT_URL") === null) {
    complain("MQTT_PROTOCOL_VERSION", "can be 5 with a broker of your own (MQTT_URL) only");
  }
  const devicesBy = text("HOLDFAST_DEVICES_BY") ?? "company";
  if (devicesBy !== "company" && devicesBy !== "site")
    complain("HOLDFAST_DEVICES_BY", `must be company or site, not "${devicesBy}"`);
  const topicPrefix = text("HOLDFAST_MQTT_PREFIX");
  const prefixProblem = topicPrefix === null ? null : problemOfTopicPrefix(topicPrefix);
  if (prefixProblem !== null) complain("HOLDFAST_MQTT_PREFIX", prefixProblem);
  if (topicPrefix !== null && text("MQTT_URL") === null) {
    complain("HOLDFAST_MQTT_PREFIX", "can be set with a broker of your own (MQTT_URL) only");
  }
  const otherCompanies = readOtherCompanies(text("HOLDFAST_OTHER_COMPANIES") ?? "", mode === "serve");
  if (otherCompanies.status === "invalid") complain("HOLDFAST_OTHER_COMPANIES", otherCompanies.problem);
  for (const [one, other] of [
    ["MQTT_CERT_FILE", "MQTT_KEY_FILE"],
    ["MQTT_KEY_FILE", "MQTT_CERT_FILE"],
    ["TEMPORAL_CERT_FILE", "TEMPORAL_KEY_FILE"],
    ["TEMPORAL_KEY_FILE", "TEMPORAL_CERT_FILE"],
    ["HOLDFAST_TLS_CERT_FILE", "HOLDFAST_TLS_KEY_FILE"],
    ["HOLDFAST_TLS_KEY_FILE", "HOLDFAST_TLS_CERT_FILE"],
  ] as const) {
    if (text(one) !== null && text(other) === null) complain(other, `is not set, and ${one} is`);
  }
  for (const name of ["MQTT_CA_FILE", "MQTT_CERT_FILE"]) {
    if (text(name) !== null && !(text("MQTT_URL") ?? "").startsWith("mqtts:")) {
      complain(name, "needs an MQTT_URL that starts with mqtts://");
    }
  }
  if (text("REDIS_CA_FILE") !== null && !(text("REDIS_URL") ?? "").startsWith("rediss:")) {
    complain("REDIS_CA_FILE", "needs a REDIS_URL that starts with rediss://");
  }
  const temporalTls = text("TEMPORAL_TLS");
  if (temporalTls !== null && temporalTls !== "on" && temporalTls !== "off") {
    complain("TEMPORAL_TLS", `must be on or off, not "${temporalTls}"`);
  }
  const ofTemporalTls = [
    "TEMPORAL_API_KEY",
    "TEMPORAL_CA_FILE",
    "TEMPORAL_CERT_FILE",
    "TEMPORAL_SERVER_NAME",
  ];
  const usedOfTls = ofTemporalTls.filter((name) => text(name) !== null);
  if (temporalTls === "off" && usedOfTls[0] !== undefined) {
    complain("TEMPORAL_TLS", `cannot be off with ${usedOfTls[0]}`);
  }
  for (const name of ["TEMPORAL_TLS", ...ofTemporalTls]) {
    if (text(name) !== null && temporalAddress === null) complain(name, "needs a TEMPORAL_ADDRESS");
  }
  const isTemporalTls = temporalTls === "on" || usedOfTls.length > 0;
  const secrets = { keys: text("HOLDFAST_SECRETS_KEY"), keyFile: text("HOLDFAST_SECRETS_KEY_FILE") };
  if (secrets.keys !== null && secrets.keyFile !== null) {
    complain("HOLDFAST_SECRETS_KEY", "cannot be set beside HOLDFAST_SECRETS_KEY_FILE");
  }
  if (mode === "serve" && secrets.keys === null && secrets.keyFile === null) {
    complain(
      "HOLDFAST_SECRETS_KEY_FILE",
      "is not set: file of the keys that stored secrets are sealed under (or HOLDFAST_SECRETS_KEY); " +
        "`holdfast secrets new-key` makes one",
    );
  }
  const keys = secrets.keys === null ? null : readSecretKeys(secrets.keys);
  if (keys?.status === "invalid") complain("HOLDFAST_SECRETS_KEY", keys.problem);
  const level = text("HOLDFAST_LOG_LEVEL") ?? "info";
  if (!isLogLevel(level)) {
    complain("HOLDFAST_LOG_LEVEL", `must be debug, info, warn or error, not "${level}"`);
  }
  const roles = readRolesOf({ text, complain }, mode);
  const node = text("HOLDFAST_NODE") ?? nodeNameOf(hostname(), roles);
  if (!/^[\w.-]{1,64}$/.test(node)) {
    complain("HOLDFAST_NODE", `must be 1 to 64 letters, digits, ".", "_" or "-", not "${node}"`);
  }
  const dataFolder = text("HOLDFAST_DATA") ?? ".holdfast";
  const rulesFile = text("HOLDFAST_SOURCING_RULES");
  const companyPrefixes = (text("HOLDFAST_COMPANY_PREFIXES") ?? "9521234")
    .split(",")
    .map((each) => each.trim());
  if (!companyPrefixes.every((prefix) => /^\d{6,12}$/.test(prefix))) {
    complain(
      "HOLDFAST_COMPANY_PREFIXES",
      "must be GS1 company prefixes of 6 to 12 digits, with commas between them",
    );
  }
  const refundLimits = readRefundLimits(text("HOLDFAST_REFUND_LIMITS") ?? DEFAULT_REFUND_LIMITS);
  if (refundLimits === undefined) {
    complain("HOLDFAST_REFUND_LIMITS", 'must be like "service=50.00,operations=250 USD"');
  }
  const plainAllowed = (text("HOLDFAST_ALLOW_PLAINTEXT") ?? "").split(",").map((name) => name.trim());
  const isPlainRefused = (name: string): boolean => mode === "serve" && !plainAllowed.includes(name);
  if (mode === "serve") {
    complainOfProduction({ text, url, complain }, { isTemporalTls, isPlainRefused });
  }
  const inFolder = (path: string): string => (isAbsolute(path) ? path : join(workingFolder, path));
  const [certFile, keyFile] = [text("HOLDFAST_TLS_CERT_FILE"), text("HOLDFAST_TLS_KEY_FILE")];
  const tls =
    certFile === null || keyFile === null
      ? null
      : { certFile: inFolder(certFile), keyFile: inFolder(keyFile) };
  if (tls !== null && mode === "start") {
    complain("HOLDFAST_TLS_CERT_FILE", "is for serve: a sandbox talks to itself in plain HTTP");
  }
  if (tls !== null && (text("HOLDFAST_PUBLIC_URL") ?? "https:").startsWith("http:")) {
    complain("HOLDFAST_PUBLIC_URL", "must start with https:// where HOLDFAST_TLS_CERT_FILE is set");
  }
  const hstsSubdomains = text("HOLDFAST_HSTS_SUBDOMAINS") ?? "off";
  if (hstsSubdomains !== "on" && hstsSubdomains !== "off") {
    complain("HOLDFAST_HSTS_SUBDOMAINS", `must be on or off, not "${hstsSubdomains}"`);
  }
  if (hstsSubdomains === "on" && !(text("HOLDFAST_PUBLIC_URL") ?? "").startsWith("https:")) {
    complain("HOLDFAST_HSTS_SUBDOMAINS", "needs a HOLDFAST_PUBLIC_URL that starts with https://");
  }
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const vendorContext: VendorContext = {
    isProduction: mode === "serve",
    isPlainRefused,
    // They ask nobody for a login, and listen to this machine alone.
    simulators: {
      http: `http://127.0.0.1:${ports.simulators}`,
      smtp: `smtp://127.0.0.1:${ports.smtp}`,
    },
  };
  const settings: Settings = {
    databaseUrl: url("DATABASE_URL", ["postgres:", "postgresql:"]),
    temporalAddress,
    temporalNamespace: text("TEMPORAL_NAMESPACE") ?? "default",
    temporal: {
      tls: isTemporalTls,
      apiKey: text("TEMPORAL_API_KEY"),
      caFile: text("TEMPORAL_CA_FILE"),
      certFile: text("TEMPORAL_CERT_FILE"),
      keyFile: text("TEMPORAL_KEY_FILE"),
      serverName: text("TEMPORAL_SERVER_NAME"),
      metricsAddress,
    },
    mqttUrl: url("MQTT_URL", ["mqtt:", "mqtts:"]),
    mqtt: {
      protocolVersion: mqttVersion === "5" ? 5 : 4,
      topicPrefix,
      devicesBy: devicesBy === "site" ? "site" : "company",
      caFile: text("MQTT_CA_FILE"),
      certFile: text("MQTT_CERT_FILE"),
      keyFile: text("MQTT_KEY_FILE"),
    },
    secrets: {
      keys: secrets.keys,
      keyFile:
        secrets.keyFile === null || isAbsolute(secrets.keyFile)
          ? secrets.keyFile
          : join(workingFolder, secrets.keyFile),
    },
    singleSignOn: readSingleSignOn({ text, url, complain }, mode, workingFolder),
    roles,
    redisUrl: url("REDIS_URL", ["redis:", "rediss:"]),
    redisCaFile: text("REDIS_CA_FILE"),
    otherCompanies: otherCompanies.status === "ok" ? otherCompanies.companies : [],
    trustedProxies:
      readNetworks(text("HOLDFAST_TRUSTED_PROXIES") ?? "") ??
      complain(
        "HOLDFAST_TRUSTED_PROXIES",
        'must be addresses or networks such as "10.0.0.0/8, 2001:db8::/32"',
      ) ??
      [],
    proxyHeader:
      PROXY_HEADERS.find((header) => header === (text("HOLDFAST_PROXY_HEADER") ?? "x-forwarded-for")) ??
      complain("HOLDFAST_PROXY_HEADER", `must be ${PROXY_HEADERS.join(" or ")}`) ??
      "x-forwarded-for",
    host,
    allowedHosts: (text("HOLDFAST_ALLOWED_HOSTS") ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    publicUrl:
      url("HOLDFAST_PUBLIC_URL", ["http:", "https:"]) ??
      `${tls === null ? "http" : "https"}://${reachable}:${ports.gateway}`,
    tls,
    hstsSubdomains: hstsSubdomains === "on",
    ports,
    dataFolder: isAbsolute(dataFolder) ? dataFolder : join(workingFolder, dataFolder),
    sourcingRulesFile:
      rulesFile === null
        ? join(projectRoot, "config", "sourcing-rules.json")
        : isAbsolute(rulesFile)
          ? rulesFile
          : join(workingFolder, rulesFile),
    companyPrefixes,
    refundLimits: refundLimits ?? [],
    engine: {
      threads: integer("HOLDFAST_ENGINE_THREADS", 2, 2, 64),
      threadMemoryMb: integer("HOLDFAST_THREAD_MEMORY_MB", 2_048, 256, 32_768),
      shards: integer("HOLDFAST_SHARDS", 16, 1, 1024),
    },
    vendors: readVendors(kinds, { text, url, complain }, vendorContext),
    webhookNetworks:
      readNetworks(text("HOLDFAST_WEBHOOK_NETWORKS") ?? (mode === "serve" ? "" : "127.0.0.0/8, ::1")) ??
      complain(
        "HOLDFAST_WEBHOOK_NETWORKS",
        'must be addresses or networks such as "10.0.0.0/8, 2001:db8::/32"',
      ) ??
      [],
    vendorContext,
    node,
    traces: readTraceSettings({ text, url, complain }),
    log: { level: isLogLevel(level) ? level : "info" },
  };
  return problems.length > 0 ? { status: "invalid", problems } : { status: "ok", settings };
}

/** All of them where they cannot be read. */
function readRolesOf(
  { text, complain }: Pick<VariableReader, "text" | "complain">,
  mode: SettingsMode,
): readonly Role[] {
  const named = text("HOLDFAST_ROLES");
  if (named === null) return ROLES;
  const reading = readRoles(named);
  if (reading.status === "invalid") {
    complain("HOLDFAST_ROLES", reading.problem);
    return ROLES;
  }
  const { roles } = reading;
  if (roles.length === ROLES.length) return roles;
  if (mode === "start") complain("HOLDFAST_ROLES", "is for serve: a sandbox is one process");
  else if (text("REDIS_URL") === null)
    complain(
      "REDIS_URL",
      roles.includes("engine")
        ? `is not set, and other processes (${missingOf(roles)}) reach this one's engine by it`
        : `is not set, and the roles ${roles.join(", ")} reach the engine's process by it`,
    );
  return roles;
}

function missingOf(roles: readonly Role[]): string {
  return ROLES.filter((role) => !roles.includes(role)).join(", ");
}

/** @returns null where no identity provider is set, or something of it is wrong */
function readSingleSignOn(
  { text, url, complain }: VariableReader,
  mode: SettingsMode,
  workingFolder: string,
): Settings["singleSignOn"] {
  const read = {
    clientId: text("HOLDFAST_OIDC_CLIENT_ID"),
    clientSecret: text("HOLDFAST_OIDC_CLIENT_SECRET"),
    clientSecretFile: text("HOLDFAST_OIDC_CLIENT_SECRET_FILE"),
    clientAuth: text("HOLDFAST_OIDC_CLIENT_AUTH") ?? "client_secret_basic",
    name: text("HOLDFAST_OIDC_NAME"),
    required: text("HOLDFAST_OIDC_REQUIRED") ?? "off",
  };
  const { clientId, clientSecret, clientSecretFile, clientAuth, required } = read;
  if (text("HOLDFAST_OIDC_ISSUER") === null) {
    const rest = ["CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "CLIENT_AUTH", "NAME", "REQUIRED"];
    const lonely = rest.map((end) => `HOLDFAST_OIDC_${end}`).find((name) => text(name) !== null);
    if (lonely !== undefined) complain("HOLDFAST_OIDC_ISSUER", `is not set, and ${lonely} is`);
    return null;
  }
  const issuer = url("HOLDFAST_OIDC_ISSUER", ["http:", "https:"]);
  if (issuer?.startsWith("http:") === true && !isLoopback(new URL(issuer).hostname))
    complain("HOLDFAST_OIDC_ISSUER", "must start with https:// unless it is on this machine");
  if (clientId === null) complain("HOLDFAST_OIDC_CLIENT_ID", "is not set, and HOLDFAST_OIDC_ISSUER is");
  if (clientSecret === null && clientSecretFile === null)
    complain("HOLDFAST_OIDC_CLIENT_SECRET_FILE", "is not set, and HOLDFAST_OIDC_ISSUER is");
  if (clientSecret !== null && clientSecretFile !== null)
    complain("HOLDFAST_OIDC_CLIENT_SECRET", "cannot be set beside HOLDFAST_OIDC_CLIENT_SECRET_FILE");
  const weak = clientSecret === null || mode === "start" ? null : weaknessOf(clientSecret);
  if (weak !== null) complain("HOLDFAST_OIDC_CLIENT_SECRET", weak);
  if (clientAuth !== "client_secret_basic" && clientAuth !== "client_secret_post")
    complain("HOLDFAST_OIDC_CLIENT_AUTH", "must be client_secret_basic or client_secret_post");
  if (required !== "on" && required !== "off") complain("HOLDFAST_OIDC_REQUIRED", "must be on or off");
  if (issuer === null || clientId === null) return null;
  return {
    issuer,
    clientId,
    clientSecret,
    clientSecretFile:
      clientSecretFile === null || isAbsolute(clientSecretFile)
        ? clientSecretFile
        : join(workingFolder, clientSecretFile),
    clientAuth: clientAuth === "client_secret_post" ? clientAuth : "client_secret_basic",
    name: read.name ?? new URL(issuer).hostname,
    required: required === "on",
  };
}

/**
 * What is set and cannot stay so in production: passwords that can be guessed, and connections beyond this
 * machine that can be read on their way.
 */
function complainOfProduction(
  { text, complain }: VariableReader,
  facts: { readonly isTemporalTls: boolean; isPlainRefused(name: string): boolean },
): void {
  const { isTemporalTls, isPlainRefused } = facts;
  const refusePlain = (name: string, what: string): void => {
    if (isPlainRefused(name)) complain(name, `${what}, or name it in HOLDFAST_ALLOW_PLAINTEXT`);
  };
  const isPlain = (name: string, isSafe: (url: URL) => boolean): boolean => {
    const value = text(name);
    if (value === null || !URL.canParse(value)) return false;
    return !isSafe(new URL(value)) && !isLoopback(new URL(value).hostname);
  };
  for (const name of ["DATABASE_URL", "MQTT_URL", "REDIS_URL"]) {
    const weakness = passwordWeakness(text(name) ?? "");
    if (weakness !== null) complain(name, weakness);
  }
  const database = text("DATABASE_URL");
  if (database !== null && URL.canParse(database) && isDatabasePlain(database)) {
    refusePlain("DATABASE_URL", "is not over TLS: add ?sslmode=verify-full");
  }
  if (isPlain("MQTT_URL", ({ protocol }) => protocol === "mqtts:")) {
    refusePlain("MQTT_URL", "is not over TLS: use mqtts://");
  }
  if (isPlain("REDIS_URL", ({ protocol }) => protocol === "rediss:")) {
    refusePlain("REDIS_URL", "is not over TLS: use rediss://");
  }
  for (const name of ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
    if (isPlain(name, ({ protocol }) => protocol === "https:"))
      refusePlain(name, "is not over TLS: use https://");
  const temporal = text("TEMPORAL_ADDRESS");
  if (temporal !== null && !isTemporalTls && !isLoopback(temporal.replace(/:\d+$/, ""))) {
    refusePlain("TEMPORAL_ADDRESS", "is not over TLS: set TEMPORAL_TLS=on");
  }
  if (isPlain("HOLDFAST_PUBLIC_URL", ({ protocol }) => protocol === "https:")) {
    complain(
      "HOLDFAST_PUBLIC_URL",
      "must start with https://: without it, who signs in can be read on the way",
    );
  }
}

/**
 * What a machine is called need not be what a node may be called: a start never fails for it. Processes with
 * parts of the whole may share a machine, and are told apart by their parts.
 */
export function nodeNameOf(machine: string, roles: readonly Role[] = ROLES): string {
  const name = machine.replace(/[^\w.-]/g, "-").slice(0, 64) || "node";
  if (roles.length === ROLES.length) return name;
  const part = `-${roles.join("-")}`;
  return `${name.slice(0, 64 - part.length)}${part}`;
}

/** `host:port` with a port that there is. */
function isHostAndPort(text: string): boolean {
  const port = /^[^\s:/]+:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && isPort(Number(port));
}

/** An IP address and a port. */
function isSocketAddress(text: string): boolean {
  const [, address, port] = /^([\d.]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text) ?? [];
  return address !== undefined && isIP(address.replace(/^\[|\]$/g, "")) !== 0 && isPort(Number(port));
}

function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535;
}

function isLogLevel(text: string): text is Settings["log"]["level"] {
  return text === "debug" || text === "info" || text === "warn" || text === "error";
}
