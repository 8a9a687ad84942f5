import { describe, expect, test } from "vitest";
import { vendorKinds } from "../integrations/vendor-kinds.ts";
import { readSettings, settingsVariables } from "./load.ts";
import { newSecretKeyLine } from "./secret-box.ts";

const complete = {
  DATABASE_URL: "postgres://a:b@db:5432/holdfast",
  TEMPORAL_ADDRESS: "temporal:7233",
  MQTT_URL: "mqtt://broker:1883",
  HOLDFAST_PUBLIC_URL: "https://orders.example.com/",
  STRIPE_SECRET_KEY: "sk_live_1",
  EASYPOST_API_KEY: "EZAK1",
  EASYPOST_WEBHOOK_SECRET: "secret",
  SMTP_URL: "smtp://mail:25",
  HOLDFAST_MAIL_FROM: "orders@example.com",
  HOLDFAST_SECRETS_KEY_FILE: "secrets.key",
};

describe("the key of stored secrets", () => {
  const read = (environment: Record<string, string | undefined>, mode: "start" | "serve") =>
    readSettings(environment, mode, "/project", vendorKinds);

  test("is a file or the key itself, and a path goes by the working folder", () => {
    const { HOLDFAST_SECRETS_KEY_FILE: _, ...without } = complete;
    const file = read(complete, "serve");
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
    const reading = readSettings(complete, "serve", "/project", vendorKinds);
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
  ])("%s=%s is refused by name", (variable, value) => {
    const reading = readSettings({ [variable]: value }, "start", "/project", vendorKinds);
    if (reading.status !== "invalid") throw new Error("expected a problem");
    expect(reading.problems.map((problem) => problem.variable)).toEqual([variable]);
  });

  test("proxies are networks of both kinds, and single addresses", () => {
    const proxies = "10.0.0.0/8, 2001:db8::/32,192.0.2.1";
    const reading = readSettings({ HOLDFAST_TRUSTED_PROXIES: proxies }, "start", "/project", vendorKinds);
    if (reading.status !== "ok") throw new Error("expected settings");
    expect(reading.settings.trustedProxies).toEqual(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]);
    expect(reading.settings.proxyHeader).toBe("x-forwarded-for");
  });

  test("a second account has variables of its own, and serve asks for them by name", () => {
    const two = { ...complete, HOLDFAST_CARRIERS: "easypost:returns,easypost" };
    const reading = readSettings(two, "serve", "/project", vendorKinds);
    if (reading.status !== "invalid") throw new Error("expected problems");
    const missing = ["EASYPOST_API_KEY_RETURNS", "EASYPOST_WEBHOOK_SECRET_RETURNS"];
    expect(reading.problems.map((problem) => problem.variable)).toEqual(missing);
    const set = { ...two, EASYPOST_API_KEY_RETURNS: "EZAK2", EASYPOST_WEBHOOK_SECRET_RETURNS: "other" };
    const read = readSettings(set, "serve", "/project", vendorKinds);
    if (read.status !== "ok") throw new Error("expected settings");
    expect(
      read.settings.vendors["carriers"]?.map(({ account, values }) => [account, values["EASYPOST_API_KEY"]]),
    ).toEqual([
      ["returns", "EZAK2"],
      ["default", "EZAK1"],
    ]);
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
