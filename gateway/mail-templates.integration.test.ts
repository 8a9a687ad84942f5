/**
 * What mails to the shopper say, as people set it: checked, looked at, tried, set back, and counted when a
 * mail is written. Mails go through the real mailer to a real SMTP server.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type {
  MailPreview,
  MailTemplateSummary,
  MailTemplateView,
} from "../contract/settings/mail-templates.ts";
import { createSmtpMailer } from "../integrations/notifications/smtp/mailer.ts";
import { startMailSimulator } from "../integrations/notifications/smtp/simulator.ts";
import type { MailSimulator } from "../integrations/simulator-kit/vendor-simulators.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { createNoticeActivities } from "../workflows/order/activities/notices.ts";

let world: GatewayWorld;
let inbox: MailSimulator;
let mailer: ReturnType<typeof createSmtpMailer>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-templates-"));
  inbox = await startMailSimulator({
    host: "127.0.0.1",
    port: 0,
    dataFolder: folder,
    logger: pino({ level: "silent" }),
  });
  mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${inbox.port}`, from: "Acme <orders@acme.example>" });
  world = await startGatewayWorld(undefined, { mailer });
});
afterAll(async () => {
  await world.close();
  mailer.close();
  await inbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const PATH = "/v1/mail-templates/order_confirmed";
const saidOf = ({ status, json }: Reply) => [status, json.code];

const post = (path: string, json: unknown) =>
  world.call("POST", path, { json, headers: { "idempotency-key": crypto.randomUUID() } });

const viewOf = async (language: string): Promise<MailTemplateView> =>
  (await world.call("GET", `${PATH}/${language}`)).json;

function mailTo(address: string) {
  const [found] = inbox.list(address, 0, 1).mails;
  return (found === undefined ? undefined : inbox.find(found.id)) ?? expect.fail("no mail came");
}

/** The mail that confirms an order. */
async function confirmed(name: string, change: Readonly<Record<string, unknown>> = {}) {
  const email = `${name}@shopper.example`;
  const order = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(name, { customer: { name: "Ada", email }, ...change }),
    headers: { "idempotency-key": name },
  });
  expect(order.status, order.text).toBe(201);
  const orderId: string = order.json.order;
  const { sendMail } = createNoticeActivities({
    database: world.database,
    mailer,
    payments: new VendorRoster("payments", []),
    publicUrl: "http://shop.example",
  } as never);
  await sendMail({ orderId, kind: "order_confirmed", about: orderId });
  return mailTo(email);
}

test("what is set counts for the next mail, in the language of its shopper, and can be set back", async () => {
  expect((await confirmed("before", { language: "de-AT" })).subject).toBe(
    "Your order is confirmed: order before",
  );
  const shipped = await viewOf("de");
  expect(shipped).toMatchObject({ own: false, version: 1, html: null });
  const own = {
    subject: "Danke, {{ customerName }}: {{ orderNumber }}",
    text: "Hallo {{ customerName }},\n\nwir haben {{ orderLines.size }} Posten.",
    html: "<p>Hallo <b>{{ customerName }}</b></p>",
  };
  const saved = await post(`${PATH}/de`, { version: 1, ...own });
  expect(saved.json).toMatchObject({ own: true, version: 2, ...own });
  const mail = await confirmed("german", { language: "de-AT" });
  expect(mail.subject).toBe("Danke, Ada: german");
  expect(mail.text).toContain("Hallo Ada,\n\nwir haben 1 Posten.");
  expect(mail.html).toContain("<p>Hallo <b>Ada</b></p>");
  // Others read what they read before.
  expect((await confirmed("french", { language: "fr" })).subject).toBe(
    "Your order is confirmed: order french",
  );
  expect((await confirmed("silent")).subject).toBe("Your order is confirmed: order silent");

  await post(`${PATH}/default`, { version: 1, ...own, subject: "Thanks: {{ orderNumber }}" });
  expect((await confirmed("french-2", { language: "fr" })).subject).toBe("Thanks: french-2");
  const kinds: readonly MailTemplateSummary[] = (await world.call("GET", "/v1/mail-templates")).json.items;
  expect(kinds.find(({ kind }) => kind === "order_confirmed")?.languages).toEqual(["de", "default"]);

  for (const language of ["de", "default"])
    expect((await post(`${PATH}/${language}/use-shipped`, { version: 2 })).json).toMatchObject({
      own: false,
      version: 3,
      subject: shipped.subject,
    });
  expect((await confirmed("after", { language: "de" })).subject).toBe("Your order is confirmed: order after");
});

test("what cannot be filled in is refused with its place, and changes nothing", async () => {
  const { version, text } = await viewOf("it");
  const body = { version, subject: "x", text: "Ciao\n{{ customerNome }}", html: null };
  const refused = await post(`${PATH}/it`, body);
  expect(saidOf(refused)).toEqual([422, "mail_template_invalid"]);
  expect(refused.json.detail).toBe(
    'text, line 2, column 4: There is no variable "customerNome" in this mail.',
  );
  const previewed: MailPreview = (await post(`${PATH}/it/preview`, { ...body, version: undefined })).json;
  expect(previewed).toMatchObject({ mail: null, problems: [{ part: "text", line: 2, column: 4 }] });
  expect(await viewOf("it")).toMatchObject({ own: false, version, text });
  expect(saidOf(await post(`${PATH}/Italiano!`, body))).toEqual([400, "invalid_request"]);
  expect(saidOf(await post("/v1/mail-templates/birthday/it", body))).toEqual([404, "not_found"]);
  expect(saidOf(await post(`${PATH}/it`, { ...body, text: "a\u0007b" }))).toEqual([400, "invalid_request"]);
});

test("of two people who write the same text one is told of the other", async () => {
  const body = { version: 1, subject: "A {{ title }}", text: "a", html: null };
  expect((await post(`${PATH}/nl`, body)).status).toBe(200);
  expect(saidOf(await post(`${PATH}/nl`, { ...body, text: "b" }))).toEqual([409, "setting_changed"]);
  // What is so already is done, whatever it was made from: a lost answer can be asked for again.
  expect((await post(`${PATH}/nl`, body)).json).toMatchObject({ version: 2 });
  const { json } = await world.call("GET", "/v1/setting-changes");
  expect(json.items).toContainEqual(
    expect.objectContaining({ subject: "mail-template:acme:order_confirmed:nl", version: 2 }),
  );
});

test("a member of staff gets a test mail of a text that is not set; a key has no address", async () => {
  const signed = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "operations@acme.example", password: STAFF_PASSWORD },
  });
  const cookie = (signed.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  const draft = { subject: "Try {{ orderNumber }}", text: "Hi {{ customerName }}", html: null };
  const sent = await world.call("POST", `${PATH}/de/test`, {
    anonymous: true,
    json: draft,
    headers: { cookie, origin: world.url, "idempotency-key": crypto.randomUUID() },
  });
  expect([sent.status, sent.json]).toEqual([200, { status: "done" }]);
  expect(mailTo("operations@acme.example").subject).toBe("[Test] Try #9999");
  expect((await viewOf("de")).own).toBe(false);
  expect((await post(`${PATH}/de/test`, draft)).status).toBe(404);
});
