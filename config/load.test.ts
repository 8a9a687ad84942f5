import { describe, expect, test } from "vitest";
import { vendorKinds } from "../integrations/vendor-kinds.ts";
import { nodeNameOf, readSettings, settingsVariables } from "./load.ts";
import { newSecretKeyLine } from "./secret-box.ts";

const complete = {
  DATABASE_URL: "postgres://a:dR7q9LmZx2Kp@db:5432/holdfast?sslmode=verify-full",
  TEMPORAL_ADDRESS: "temporal:7233",
  MQTT_URL: "mqtts://broker:8883",
  HOLDFAST_PUBLIC_URL: "https://orders.example.com/",
  STRIPE_SECRET_KEY: "sk_live_51J8Qz2eZvKYlo2C0aBcDe",
  EASYPOST_API_KEY: "EZAK9f8e7d6c5b4a39281706",
  EASYPOST_WEBHOOK_SECRET: "Zp3kV9wQ7rT1yU5mB8nC",
  SMTP_URL: "smtp://mail:25",
  HOLDFAST_MAIL_FROM: "Shop <orders@shop.test>",
  HOLDFAST_SECRETS_KEY_FILE: "secrets.key",
};
const tls = { TEMPORAL_TLS: "on" };

describe("the key of stored secrets", () => {
  const read = (environment: Record<string, string | undefined>, mode: "start" | "serve") =>
    readSettings(environment, mode, "/project", vendorKinds);

  test("is a file or the key itself, and a path goes by the working folder", () => {
    const { HOLDFAST_SECRETS_KEY_FILE: _, ...without } = { ...complete, ...tls };
    const file = read({ ...complete, ...tls }, "serve");
    const key = read({ ...without, HOLDFAST_SECRETS_KEY: newSecretKeyLine("k1") }, "serve");
    if (file.status !== "ok" || key.status !== "ok") throw new Error("expected settings");
    expect(file.settings.secrets).toEqual({ keys: null, keyFile: "/project/secrets.key" });
    expect(key.settings.secrets).toMatchObject({ keys: expect.stringMatching(/^k1:/), keyFile: null });
  });

  test.each([
    ["both are set", { HOLDFAST_SECRETS_KEY_FILE: "a", HOLDFAST_SECRETS_KEY: newSecretKeyLine("k1") }],
    ["it is a word", { HOLDFAST_SECRETS_KEY: "k1:changeme" }],
  ])("is refused where %s, without showing it", (_, environment) => {
    const reading = read(environment, "start");
    if (reading.status !== "invalid") throw new Error("expected a problem");
    expect(reading.problems.map(({ variable }) => variable)).toEqual(["HOLDFAST_SECRETS_KEY"]);
    expect(JSON.stringify(reading.problems)).not.toContain("changeme");
  });
});

describe("settings", () => {
  test("start needs nothing and keeps to the loopback interface", () => {
    const reading = readSettings({}, "start", "/project", vendorKinds);
    if (reading.status !== "ok") throw new Error("expected settings");
    expect(reading.settings.databaseUrl).toBeNull();
    expect(reading.settings.host).toBe("127.0.0.1");
    expect(reading.settings.publicUrl).toBe("http://127.0.0.1:7400");
    expect(reading.settings.dataFolder).toBe("/project/.holdfast");
    expect(reading.settings.engine.threads).toBeGreaterThanOrEqual(2);
  });

  test("serve without settings names every one that is missing, at once", () => {
    const reading = readSettings({}, "serve", "/project", vendorKinds);
    if (reading.status !== "invalid") throw new Error("expected problems");
    expect(reading.problems.map((problem) => problem.variable).sort()).toEqual(Object.keys(complete).sort());
  });

  test("serve with its settings talks to the real payment provider and carrier", () => {
    const reading = readSettings({ ...complete, ...tls }, "serve", "/project", vendorKinds);
    if (reading.status !== "ok") throw new Error("expected settings");
    const [payments] = reading.settings.vendors["payments"] ?? [];
    expect(payments).toMatchObject({ provider: "stripe", account: "default" });
    expect(payments?.values["STRIPE_BASE_URL"]).toBe("https://api.stripe.com");
    expect(reading.settings.publicUrl).toBe("https://orders.example.com");
  });

  test.each([
    ["HOLDFAST_PORT", "80a"],
    ["HOLDFAST_PORT", "70000"],
    ["HOLDFAST_ENGINE_THREADS", "1"],
    ["HOLDFAST_THREAD_MEMORY_MB", "16"],
    ["DATABASE_URL", "mysql://x/y"],
    ["TEMPORAL_ADDRESS", "http://temporal"],
    ["HOLDFAST_LOG_LEVEL", "loud"],
    ["HOLDFAST_TRUSTED_PROXIES", "10.0.0.0/40"],
    ["HOLDFAST_TRUSTED_PROXIES", "the-proxy"],
    ["HOLDFAST_PROXY_HEADER", "x-real-ip"],
    ["HOLDFAST_REFUND_LIMITS", "service=lots"],
    ["MQTT_URL", "broker:1883"],
    ["HOLDFAST_CARRIERS", "pigeons"],
    ["HOLDFAST_CARRIERS", "easypost:Not An Account"],
    ["HOLDFAST_CARRIERS", "easypost,easypost:default"],
    ["HOLDFAST_PAYMENTS", "stripe,"],
    ["HOLDFAST_NOTIFICATIONS", "smtp,smtp:other"],
    ["HOLDFAST_HSTS_SUBDOMAINS", "always"],
    // Without a public address by https it would be said to nobody.
    ["HOLDFAST_HSTS_SUBDOMAINS", "on"],
  ])("%s=%s is refused by name", (variable, value) => {
    const reading = readSettings({ [variable]: value }, "start", "/project", vendorKinds);
    if (reading.status !== "invalid") throw new Error("expected a problem");
    expect(reading.problems.map((problem) => problem.variable)).toEqual([variable]);
  });

  test("a certificate of one's own comes with its key, to serve at an https address, by the working folder", () => {
    const files = { HOLDFAST_TLS_CERT_FILE: "server.pem", HOLDFAST_TLS_KEY_FILE: "/etc/server.key" };
    const read = (change: Record<string, string>, mode: "start" | "serve" = "serve") =>
      readSettings({ ...complete, ...tls, ...change }, mode, "/project", vendorKinds);
    const reading = read(files);
    if (reading.status !== "ok") throw new Error("expected settings");
    expect(reading.settings.tls).toEqual({ certFile: "/project/server.pem", keyFile: "/etc/server.key" });
    for (const [wrong, mode, variable] of [
      [{ HOLDFAST_TLS_CERT_FILE: "server.pem" }, "serve", "HOLDFAST_TLS_KEY_FILE"],
      [{ HOLDFAST_TLS_KEY_FILE: "server.key" }, "serve", "HOLDFAST_TLS_CERT_FILE"],
      [files, "start", "HOLDFAST_TLS_CERT_FILE"],
    ] as const) {
      const refused = read(wrong, mode);
      if (refused.status !== "invalid") throw new Error("expected a problem");
      expect(refused.problems.map((problem) => problem.variable)).toEqual([variable]);
    }
    const plain = read({ ...files, HOLDFAST_PUBLIC_URL: "http://orders.example.com" });
    if (plain.status !== "invalid") throw new Error("expected a problem");
    expect(new Set(plain.problems.map((problem) => problem.variable))).toEqual(
      new Set(["HOLDFAST_PUBLIC_URL"]),
    );
  });

  describe("the identity provider", () => {
    const oidc = {
      HOLDFAST_OIDC_ISSUER: "https://id.example.com/realms/acme",
      HOLDFAST_OIDC_CLIENT_ID: "holdfast",
      HOLDFAST_OIDC_CLIENT_SECRET_FILE: "oidc.secret",
    };
    const read = (change: Record<string, string | undefined>, mode: "start" | "serve" = "start") =>
      readSettings(
        { ...(mode === "serve" ? { ...complete, ...tls } : {}), ...change },
        mode,
        "/project",
        vendorKinds,
      );

    test("is none unless it is set, and is named by its host", () => {
      const none = read({});
      const one = read(oidc, "serve");
      if (none.status !== "ok" || one.status !== "ok") throw new Error("expected settings");
      expect(none.settings.singleSignOn).toBeNull();
      expect(one.settings.singleSignOn).toEqual({
        issuer: "https://id.example.com/realms/acme",
        clientId: "holdfast",
        clientSecret: null,
        clientSecretFile: "/project/oidc.secret",
        clientAuth: "client_secret_basic",
        name: "id.example.com",
        required: false,
      });
    });

    test.each<readonly [Record<string, string | undefined>, string]>([
      [{ HOLDFAST_OIDC_ISSUER: undefined }, "HOLDFAST_OIDC_ISSUER"],
      [{ HOLDFAST_OIDC_ISSUER: "http://id.example.com" }, "HOLDFAST_OIDC_ISSUER"],
      [{ HOLDFAST_OIDC_ISSUER: "id.example.com" }, "HOLDFAST_OIDC_ISSUER"],
      [{ HOLDFAST_OIDC_CLIENT_ID: undefined }, "HOLDFAST_OIDC_CLIENT_ID"],
      [{ HOLDFAST_OIDC_CLIENT_SECRET_FILE: undefined }, "HOLDFAST_OIDC_CLIENT_SECRET_FILE"],
      [{ HOLDFAST_OIDC_CLIENT_SECRET: "Zp3kV9wQ7rT1yU5mB8nC" }, "HOLDFAST_OIDC_CLIENT_SECRET"],
      [
        { HOLDFAST_OIDC_CLIENT_SECRET: "changeme", HOLDFAST_OIDC_CLIENT_SECRET_FILE: undefined },
        "HOLDFAST_OIDC_CLIENT_SECRET",
      ],
      [{ HOLDFAST_OIDC_CLIENT_AUTH: "none" }, "HOLDFAST_OIDC_CLIENT_AUTH"],
      [{ HOLDFAST_OIDC_REQUIRED: "yes" }, "HOLDFAST_OIDC_REQUIRED"],
    ])("with %o is refused by name, without showing a secret", (change, variable) => {
      const reading = read({ ...oidc, ...change }, "serve");
      if (reading.status !== "invalid") throw new Error("expected a problem");
      expect(reading.problems.map((problem) => problem.variable)).toEqual([variable]);
      expect(JSON.stringify(reading.problems)).not.toContain("changeme");
    });
  });

  test("proxies are networks of both kinds, and single addresses", () => {
    const proxies = "10.0.0.0/8, 2001:db8::/32,192.0.2.1";
    const reading = readSettings({ HOLDFAST_TRUSTED_PROXIES: proxies }, "start", "/project", vendorKinds);
    if (reading.status !== "ok") throw new Error("expected settings");
    expect(reading.settings.trustedProxies).toEqual(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]);
    expect(reading.settings.proxyHeader).toBe("x-forwarded-for");
  });

  test("a second account has variables of its own, and serve asks for them by name", () => {
    const two = { ...complete, ...tls, HOLDFAST_CARRIERS: "easypost:returns,easypost" };
    const reading = readSettings(two, "serve", "/project", vendorKinds);
    if (reading.status !== "invalid") throw new Error("expected problems");
    const missing = ["EASYPOST_API_KEY_RETURNS", "EASYPOST_WEBHOOK_SECRET_RETURNS"];
    expect(reading.problems.map((problem) => problem.variable)).toEqual(missing);
    const set = {
      ...two,
      EASYPOST_API_KEY_RETURNS: "EZAK1029384756abcdefghij",
      EASYPOST_WEBHOOK_SECRET_RETURNS: "Qw8eR2tY6uI0pA4sD7fG",
    };
    const read = readSettings(set, "serve", "/project", vendorKinds);
    if (read.status !== "ok") throw new Error("expected settings");
    expect(
      read.settings.vendors["carriers"]?.map(({ account, values }) => [account, values["EASYPOST_API_KEY"]]),
    ).toEqual([
      ["returns", set.EASYPOST_API_KEY_RETURNS],
      ["default", complete.EASYPOST_API_KEY],
    ]);
  });

  test("serve refuses what can be guessed or read on its way, all at once and by name", () => {
    const weak = {
      ...complete,
      DATABASE_URL: "postgres://holdfast:holdfast@db/holdfast",
      MQTT_URL: "mqtt://bridge:pw@broker",
      REDIS_URL: "redis://cache",
      HOLDFAST_PUBLIC_URL: "http://orders.example.com",
      STRIPE_SECRET_KEY: "x",
      STRIPE_WEBHOOK_SECRET: "whsec_changeme_changeme",
      STRIPE_BASE_URL: "http://stripe.internal",
      EASYPOST_WEBHOOK_SECRET: "a",
      HOLDFAST_MAIL_FROM: "not-an-address",
    };
    const reading = readSettings(weak, "serve", "/project", vendorKinds);
    if (reading.status !== "invalid") throw new Error("expected problems");
    expect(reading.problems.map(({ variable }) => variable).sort()).toEqual([
      "DATABASE_URL",
      "DATABASE_URL",
      "EASYPOST_WEBHOOK_SECRET",
      "HOLDFAST_MAIL_FROM",
      "HOLDFAST_PUBLIC_URL",
      "MQTT_URL",
      "MQTT_URL",
      "REDIS_URL",
      "STRIPE_BASE_URL",
      "STRIPE_SECRET_KEY",
      "STRIPE_WEBHOOK_SECRET",
      "TEMPORAL_ADDRESS",
    ]);
  });

  test("a private network is named server by server, and this machine needs no TLS", () => {
    const plain = {
      ...complete,
      DATABASE_URL: "postgres://a:dR7q9LmZx2Kp@db/holdfast",
      MQTT_URL: "mqtt://broker",
      HOLDFAST_ALLOW_PLAINTEXT: "DATABASE_URL, MQTT_URL,TEMPORAL_ADDRESS",
    };
    expect(readSettings(plain, "serve", "/project", vendorKinds).status).toBe("ok");
    const own = {
      ...complete,
      DATABASE_URL: "postgres://a:b@localhost/holdfast",
      MQTT_URL: "mqtt://127.0.0.1",
      TEMPORAL_ADDRESS: "localhost:7233",
      HOLDFAST_PUBLIC_URL: "http://127.0.0.1:7400",
    };
    expect(readSettings(own, "serve", "/project", vendorKinds).status).toBe("ok");
  });

  test("a key or a certificate for Temporal turns TLS on, and contradictions are named", () => {
    const cloud = { ...complete, TEMPORAL_API_KEY: "a key", TEMPORAL_SERVER_NAME: "acme.tmprl.cloud" };
    const reading = readSettings(cloud, "serve", "/project", vendorKinds);
    if (reading.status !== "ok") throw new Error(JSON.stringify(reading.problems));
    expect(reading.settings.temporal).toMatchObject({ tls: true, apiKey: "a key" });
    for (const [change, variable] of [
      [{ TEMPORAL_TLS: "off" }, "TEMPORAL_TLS"],
      [{ TEMPORAL_TLS: "perhaps" }, "TEMPORAL_TLS"],
      [{ TEMPORAL_CERT_FILE: "client.pem" }, "TEMPORAL_KEY_FILE"],
    ] as const) {
      const wrong = readSettings({ ...cloud, ...change }, "serve", "/project", vendorKinds);
      if (wrong.status !== "invalid") throw new Error("expected a problem");
      expect(wrong.problems.map((problem) => problem.variable)).toEqual([variable]);
    }
  });

  test("every variable that is read is documented", () => {
    const read = new Set<string>();
    const spy = new Proxy<Record<string, string | undefined>>(
      {},
      {
        get: (_, name) => {
          read.add(String(name));
          const kind = vendorKinds.find((one) => one.variable === name);
          // Only the variables of vendors that are used are read.
          return kind?.vendors.map(({ provider }) => provider).join(",");
        },
      },
    );
    readSettings(spy, "serve", "/project", vendorKinds);
    expect([...read].sort()).toEqual(
      settingsVariables(vendorKinds)
        .map((variable) => variable.name)
        .sort(),
    );
  });
});

describe("traces", () => {
  const read = (environment: Record<string, string>, mode: "start" | "serve" = "start") =>
    readSettings(
      mode === "start" ? environment : { ...complete, ...tls, ...environment },
      mode,
      "/project",
      vendorKinds,
    );
  const tracesOf = (environment: Record<string, string>) => {
    const reading = read(environment);
    if (reading.status !== "ok") throw new Error(JSON.stringify(reading.problems));
    return reading.settings.traces;
  };
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/" };

  test("none are made without a collector, or where they are switched off", () => {
    expect(tracesOf({})).toBeNull();
    expect(tracesOf({ ...base, OTEL_SDK_DISABLED: "true" })).toBeNull();
  });

  test("OpenTelemetry's variables say where they go and how many", () => {
    expect(tracesOf(base)).toEqual({
      url: "http://127.0.0.1:4318/v1/traces",
      protocol: "http/protobuf",
      ratio: 1,
      serviceName: "holdfast",
    });
    expect(
      tracesOf({
        ...base,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:1/x",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.25",
        OTEL_SERVICE_NAME: "shop",
      }),
    ).toEqual({ url: "http://127.0.0.1:1/x", protocol: "http/json", ratio: 0.25, serviceName: "shop" });
    expect(tracesOf({ ...base, OTEL_TRACES_SAMPLER: "always_off" })?.ratio).toBe(0);
  });

  test.each([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" }],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", { ...base, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }],
    ["OTEL_TRACES_SAMPLER", { ...base, OTEL_TRACES_SAMPLER: "jaeger_remote" }],
    [
      "OTEL_TRACES_SAMPLER_ARG",
      { ...base, OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "10%" },
    ],
    ["HOLDFAST_NODE", { HOLDFAST_NODE: "a node" }],
    ["TEMPORAL_METRICS_ADDRESS", { TEMPORAL_METRICS_ADDRESS: "9464" }],
    ["TEMPORAL_METRICS_ADDRESS", { TEMPORAL_METRICS_ADDRESS: "127.0.0.1:70000" }],
    ["TEMPORAL_METRICS_ADDRESS", { TEMPORAL_METRICS_ADDRESS: "300.0.0.1:9464" }],
    ["TEMPORAL_ADDRESS", { TEMPORAL_ADDRESS: "temporal:70000" }],
  ])("%s that makes no sense is named", (variable, environment) => {
    const reading = read(environment);
    if (reading.status !== "invalid") throw new Error("expected a problem");
    expect(reading.problems.map((problem) => problem.variable)).toEqual([variable]);
  });

  test("a machine of any name has a node that can be named", () => {
    expect(nodeNameOf("fc-reno_3.example")).toBe("fc-reno_3.example");
    expect(nodeNameOf("der Rechner")).toBe("der-Rechner");
    expect(nodeNameOf("x".repeat(80))).toHaveLength(64);
    expect(nodeNameOf("")).toBe("node");
  });

  test("serve sends none in plain text beyond this machine, unless it is allowed", () => {
    const far = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
    const reading = read(far, "serve");
    if (reading.status !== "invalid") throw new Error("expected a problem");
    expect(reading.problems.map(({ variable }) => variable)).toEqual(["OTEL_EXPORTER_OTLP_ENDPOINT"]);
    expect(read({ ...far, HOLDFAST_ALLOW_PLAINTEXT: "OTEL_EXPORTER_OTLP_ENDPOINT" }, "serve").status).toBe(
      "ok",
    );
  });
});
