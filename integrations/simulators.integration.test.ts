/** What holds over restarts and kills, the mailbox, and how strict the vendors' interfaces are. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { renderNotice } from "../orders/notices/render-notice.ts";
import {
  EASYPOST_KEY,
  SANDBOX_VENDORS,
  STRIPE_KEY,
  startTestSandbox,
  startWebhookReceiver,
  type TestSandbox,
  WEBHOOK_SECRET,
} from "../test-support/vendors/simulator-sandbox.ts";
import { createEasypostCarrier } from "./carriers/easypost/carrier.ts";
import { createSmtpMailer, messageIdOf } from "./notifications/smtp/mailer.ts";
import { createStripeProvider } from "./payments/stripe/provider.ts";

const from = {
  name: "Warehouse",
  line1: "500 Logistics Pkwy",
  city: "Reno",
  region: "NV",
  postalCode: "89506",
  country: "US",
};
const to = {
  name: "Jane",
  line1: "1 Main St",
  city: "New York",
  region: "NY",
  postalCode: "10001",
  country: "US",
};
const parcel = { weightGrams: 850, lengthMm: 300, widthMm: 200, heightMm: 120 };
const rateRequest = (order: string) => ({
  idempotencyKey: `${order}:parcel-1`,
  reference: order,
  from,
  to,
  parcel,
  customs: [],
  isReturn: false,
});
const authorization = (order: string) => ({
  idempotencyKey: `${order}:authorize`,
  orderId: order,
  amountMinor: 5_000,
  currency: "USD",
  paymentMethod: "pm_card_visa",
});

describe("after a restart", () => {
  it("the first reply is given again, and parcels go on with the webhook that nobody took", async () => {
    let sandbox = await startTestSandbox();
    try {
      sandbox.webhooks.answer = 503;
      const authorized = await sandbox.payments.authorize(authorization("order-1"));
      const rated = await sandbox.carrier.rate(rateRequest("order-1"));
      if (rated.status !== "rated") throw new Error(rated.message);
      await sandbox.simulate({ speed: 200 });
      const purchase = {
        idempotencyKey: "unused",
        carrierShipmentId: rated.carrierShipmentId,
        rateId: rated.rates[0]?.rateId ?? "",
      };
      const bought = await sandbox.carrier.buyLabel(purchase);
      await vi.waitFor(() => expect(sandbox.webhooks.calls.length).toBeGreaterThan(0), { timeout: 10_000 });

      sandbox = await sandbox.restart();
      sandbox.webhooks.answer = 200;
      await sandbox.simulate({ speed: 200 });
      expect(await sandbox.payments.authorize(authorization("order-1"))).toEqual(authorized);
      expect(await sandbox.carrier.buyLabel(purchase)).toEqual(bought);
      const { calls } = sandbox.webhooks;
      await vi.waitFor(() => expect(calls.at(-1)?.reports?.at(-1)?.status).toBe("delivered"), {
        timeout: 10_000,
      });
      const refused = new Set(calls.filter(({ answer }) => answer === 503).map(({ eventId }) => eventId));
      const taken = calls.filter(({ answer }) => answer === 200).map(({ eventId }) => eventId);
      // The refused event is the first that is taken, by its old id, and none is taken twice.
      expect(refused.size).toBe(1);
      expect(refused.has(taken[0] ?? "")).toBe(true);
      expect(taken).toHaveLength(4);
      expect(new Set(taken).size).toBe(4);
      expect(await sandbox.audit("charges")).toMatchObject({ doubled: [], orders: [{ authorizations: 1 }] });
    } finally {
      await sandbox.stop();
    }
  });
});

describe("after kill -9 in the middle of work", () => {
  it("everything that was answered is in the logs, once", async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), "holdfast-simulators-"));
    const webhooks = await startWebhookReceiver();
    const child = await startChild(dataFolder, webhooks.url);
    const payments = createStripeProvider({ baseUrl: child.url, secretKey: STRIPE_KEY });
    const carrier = createEasypostCarrier({
      baseUrl: child.url,
      apiKey: EASYPOST_KEY,
      webhookSecret: WEBHOOK_SECRET,
    });
    const answered: { order: string; payment: string; shipment: string }[] = [];
    const worker = async (name: string) => {
      for (let index = 0; ; index += 1) {
        const order = `${name}-${index}`;
        const paid = await payments.authorize(authorization(order));
        const rated = await carrier.rate(rateRequest(order));
        if (paid.status !== "succeeded" || rated.status !== "rated") throw new Error("refused");
        await carrier.buyLabel({
          idempotencyKey: order,
          carrierShipmentId: rated.carrierShipmentId,
          rateId: rated.rates[0]?.rateId ?? "",
        });
        answered.push({ order, payment: paid.reference, shipment: rated.carrierShipmentId });
        if (answered.length === 30) child.process.kill("SIGKILL");
      }
    };
    const exited = once(child.process, "exit");
    const outcomes = await Promise.allSettled(["a", "b", "c"].map(worker));
    await exited;
    for (const outcome of outcomes) {
      expect(outcome.status === "rejected" && outcome.reason).toMatchObject({
        code: "network_error",
        retryable: true,
      });
    }

    const sandbox = await startTestSandbox({ dataFolder, webhooks });
    try {
      for (const { order, payment, shipment } of answered) {
        expect(await sandbox.payments.authorize(authorization(order))).toEqual({
          status: "succeeded",
          reference: payment,
        });
        expect(await sandbox.carrier.rate(rateRequest(order))).toMatchObject({ carrierShipmentId: shipment });
      }
      expect(await sandbox.audit("charges")).toMatchObject({ doubled: [] });
      const { labels, doubled } = (await sandbox.audit("labels")) as unknown as {
        labels: { shipmentId: string }[];
        doubled: string[];
      };
      expect(doubled).toEqual([]);
      const bought = new Set(labels.map(({ shipmentId }) => shipmentId));
      for (const { shipment } of answered) expect(bought.has(shipment)).toBe(true);
    } finally {
      await sandbox.stop();
    }
  });

  async function startChild(
    dataFolder: string,
    webhookUrl: string,
  ): Promise<{ readonly url: string; readonly process: ChildProcess }> {
    const module = join(projectRoot, "dist", "integrations", "simulators.js");
    const program = `
      import pino from "pino";
      import { startSimulators } from ${JSON.stringify(module)};
      const started = await startSimulators({
        host: "127.0.0.1", httpPort: 0, smtpPort: 0, dataFolder: ${JSON.stringify(dataFolder)},
        webhooksUrl: ${JSON.stringify(webhookUrl)}, vendors: ${JSON.stringify(SANDBOX_VENDORS)},
        logger: pino({ level: "silent" }),
      });
      process.stdout.write(started.httpPort + "\\n");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { url: `http://127.0.0.1:${line.toString().trim()}`, process: child };
  }
});

describe("webhooks", () => {
  it("are sent a few at a time, however many parcels there are", async () => {
    const sandbox = await startTestSandbox();
    try {
      sandbox.webhooks.pauseMs = 30;
      await sandbox.simulate({ speed: 500 });
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const rated = await sandbox.carrier.rate(rateRequest(`order-${index}`));
          if (rated.status !== "rated") throw new Error(rated.message);
          const rateId = rated.rates[0]?.rateId ?? "";
          await sandbox.carrier.buyLabel({
            idempotencyKey: "k",
            carrierShipmentId: rated.carrierShipmentId,
            rateId,
          });
        }),
      );
      await vi.waitFor(
        () => expect(new Set(sandbox.webhooks.calls.map(({ eventId }) => eventId)).size).toBe(160),
        {
          timeout: 20_000,
        },
      );
      expect(sandbox.webhooks.mostAtOnce()).toBe(8);
    } finally {
      await sandbox.stop();
    }
  });
});

describe("the mailbox", () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
  });
  afterAll(() => sandbox.stop());

  const shop = "Café Größe <orders@shop.example>";
  const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });
  const notice = renderNotice(
    {
      shopName: "Café",
      orderNumber: "#9999",
      customerName: "Jørgen <b>",
      lines: [{ title: "Søk & find", quantity: 2, total: usd(2_000) }],
      total: usd(2_000),
      shipTo: to,
      orderUrl: "https://shop.example/o/1",
    },
    { kind: "order_confirmed", promise: null },
  );
  const page = async (path: string) => (await fetch(`${sandbox.url}${path}`)).text();
  const mails = async () =>
    (await sandbox.audit("mails")) as unknown as {
      mails: { id: number; messageId: string; to: string; subject: string }[];
      repeated: string[];
    };

  it("shows a message as it was sent, over a restart", async () => {
    const mailer = createSmtpMailer({ url: sandbox.smtpUrl, from: shop });
    await mailer.send({ key: "order-1:confirmed", to: "jorgen@example.com", ...notice });
    mailer.close();
    const [mail] = (await mails()).mails;
    expect(mail).toMatchObject({
      to: "jorgen@example.com",
      subject: "Your order is confirmed: order #9999",
      messageId: `<${messageIdOf({ key: "order-1:confirmed", ...notice })}@shop.example>`,
    });
    sandbox = await sandbox.restart();
    expect((await mails()).mails).toEqual([mail]);
    expect(await page("/inbox")).toContain("Your order is confirmed: order #9999");
    expect(await page("/inbox/1")).toContain('src="/inbox/1/html"');
    const html = await page("/inbox/1/html");
    expect(html).toContain("Søk &amp; find");
    expect(html).toContain("Hello Jørgen &lt;b&gt;,");
    expect(await page("/inbox/1/text")).toContain("2 × Søk & find – $20.00");
  });

  it("recognises a repeat by its key", async () => {
    const mailer = createSmtpMailer({ url: sandbox.smtpUrl, from: shop });
    for (const key of ["twice", "twice", "once"])
      await mailer.send({ key, to: "jane@example.com", ...notice });
    // The same notice with something else in it is another mail.
    await mailer.send({ key: "once", to: "jane@example.com", ...notice, text: "Your code is 4711." });
    mailer.close();
    expect((await mails()).repeated).toEqual([`<${messageIdOf({ key: "twice", ...notice })}@shop.example>`]);
  });

  it("finds messages by recipient", async () => {
    const found = await page("/inbox?q=JORGEN");
    expect(found).toContain("jorgen@example.com");
    expect(found).not.toContain("jane@example.com");
  });

  it("is a fault worth repeating where no server listens, and not where the server says never", async () => {
    const absent = createSmtpMailer({ url: "smtp://127.0.0.1:1", from: shop });
    await expect(absent.send({ key: "k", to: "jane@example.com", ...notice })).rejects.toMatchObject({
      service: "smtp",
      code: "network_error",
      retryable: true,
    });
    absent.close();
    const mailer = createSmtpMailer({ url: sandbox.smtpUrl, from: shop });
    const large = { ...notice, text: "x".repeat(6 * 1024 * 1024) };
    await expect(mailer.send({ key: "k", to: "jane@example.com", ...large })).rejects.toMatchObject({
      code: "smtp_552",
      retryable: false,
    });
    mailer.close();
  });

  it("has a page for the overview and for a parcel", async () => {
    const rated = await sandbox.carrier.rate(rateRequest("order-<i>"));
    if (rated.status !== "rated") throw new Error(rated.message);
    const label = await sandbox.carrier.buyLabel({
      idempotencyKey: "k",
      carrierShipmentId: rated.carrierShipmentId,
      rateId: rated.rates[0]?.rateId ?? "",
    });
    if (label.status !== "bought") throw new Error(label.message);
    const overview = await page("/");
    expect(overview).toContain(label.trackingNumber);
    expect(overview).toContain("order-&lt;i&gt;");
    expect(await page(`/track/${label.trackingNumber}`)).toContain(label.trackingNumber);
    expect((await fetch(`${sandbox.url}/track/none`)).status).toBe(404);
  });
});

describe("the vendors' interfaces are strict", () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
  });
  afterAll(() => sandbox.stop());

  const stripe = async (path: string, body: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${sandbox.url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${STRIPE_KEY}`,
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      },
      body,
    });
    return { status: response.status, body: await response.json() };
  };
  const intent = "amount=5000&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa";

  it.each([
    [
      "no key",
      intent,
      { authorization: "" },
      401,
      { message: expect.stringContaining("You did not provide an API key") },
    ],
    ["JSON", "{}", { "content-type": "application/json" }, 400, { type: "invalid_request_error" }],
    [
      "an unknown parameter",
      `${intent}&frobnicate=1`,
      {},
      400,
      { code: "parameter_unknown", param: "frobnicate" },
    ],
    [
      "no amount",
      intent.replace("amount=5000&", ""),
      {},
      400,
      { code: "parameter_missing", param: "amount" },
    ],
    [
      "an amount with a fraction",
      intent.replace("5000", "50.00"),
      {},
      400,
      { code: "parameter_invalid_integer" },
    ],
    ["an amount below the least", intent.replace("5000", "49"), {}, 400, { code: "amount_too_small" }],
    ["an unknown currency", intent.replace("usd", "zzz"), {}, 400, { param: "currency" }],
  ])("Stripe refuses %s", async (_case, body, headers, status, error) => {
    expect(await stripe("/v1/payment_intents", body, headers)).toMatchObject({ status, body: { error } });
  });

  it("Stripe refuses what it does not serve", async () => {
    expect(await stripe("/v1/customers", "")).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining("Unrecognized request URL (POST: /v1/customers)") } },
    });
  });

  it("Stripe marks a repeated reply", async () => {
    const call = () =>
      fetch(`${sandbox.url}/v1/payment_intents`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${STRIPE_KEY}`,
          "content-type": "application/x-www-form-urlencoded",
          "idempotency-key": "repeat",
        },
        body: intent,
      });
    const [first, second] = [await call(), await call()];
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(await second.json()).toEqual(await first.json());
  });

  const easypost = async (method: string, path: string, body?: unknown, key: string = EASYPOST_KEY) => {
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as { id?: string; error?: unknown } };
  };
  const address = { name: "A", street1: "1 Main St", city: "Reno", state: "NV", zip: "89506", country: "US" };
  const shipment = {
    to_address: address,
    from_address: address,
    parcel: { weight: 10, length: 5, width: 5, height: 5 },
  };

  it.each([
    ["no shipment", {}, [{ field: "shipment", message: "cannot be blank" }]],
    [
      "an unknown field",
      { shipment: { ...shipment, colour: "red" } },
      [{ field: "shipment.colour", message: "unknown parameter" }],
    ],
    [
      "a parcel without weight",
      { shipment: { ...shipment, parcel: { ...shipment.parcel, weight: 0 } } },
      [{ field: "parcel.weight", message: "must be a number greater than 0" }],
    ],
  ])("EasyPost refuses %s and names the field", async (_case, body, errors) => {
    expect(await easypost("POST", "/v2/shipments", body)).toMatchObject({
      status: 422,
      body: { error: { errors } },
    });
  });

  it("EasyPost refuses a second purchase, a wrong key and an unknown format", async () => {
    expect(await easypost("GET", "/v2/shipments/shp_1", undefined, "wrong")).toMatchObject({
      status: 401,
      body: { error: { code: "APIKEY.INACTIVE" } },
    });
    const created = await easypost("POST", "/v2/shipments", { shipment });
    expect(created.status).toBe(201);
    const path = `/v2/shipments/${created.body.id}`;
    const { rates } = created.body as unknown as { rates: { id: string }[] };
    expect(await easypost("GET", `${path}/label?file_format=ZPL`)).toMatchObject({ status: 422 });
    const rate = { id: rates[0]?.id };
    expect(await easypost("POST", `${path}/buy`, { rate })).toMatchObject({ status: 200 });
    expect(await easypost("POST", `${path}/buy`, { rate })).toMatchObject({
      status: 422,
      body: { error: { code: "SHIPMENT.POSTAGE.EXISTS" } },
    });
    expect(await easypost("GET", `${path}/label?file_format=DOC`)).toMatchObject({
      status: 422,
      body: { error: { code: "SHIPMENT.POSTAGE.INVALID_FORMAT" } },
    });
  });

  it.each([{ speed: 0 }, { speed: -1 }, { faults: { dropReplyRate: 2 } }, { faults: { surprise: 1 } }, 20])(
    "the control refuses %j",
    async (body) => {
      const response = await fetch(`${sandbox.url}/simulation`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(400);
    },
  );

  it("a port that is taken is an error that leaves nothing running", async () => {
    const { startSimulators } = await import("./simulators.ts");
    const { default: pino } = await import("pino");
    const dataFolder = mkdtempSync(join(tmpdir(), "holdfast-simulators-"));
    const port = Number(new URL(sandbox.url).port);
    await expect(
      startSimulators({
        host: "127.0.0.1",
        httpPort: port,
        smtpPort: 0,
        dataFolder,
        webhooksUrl: "http://127.0.0.1:1",
        vendors: SANDBOX_VENDORS,
        logger: pino({ level: "silent" }),
      }),
    ).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(existsSync(join(dataFolder, "payments.jsonl"))).toBe(true);
    expect(readFileSync(join(dataFolder, "payments.jsonl"), "utf8")).toBe("");
    rmSync(dataFolder, { recursive: true });
  });
});
