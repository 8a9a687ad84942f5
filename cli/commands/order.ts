/**
 * `holdfast order`: orders are listed, shown, followed with --watch until they have ended, held, released,
 * changed and cancelled. What is picked and packed of one is in `fulfillment.ts`.
 */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { ChangeAnswer, OrderChangeBody } from "../../contract/order-changes.ts";
import type { OrderRevisionView, OrderSummary, OrderView, TimelineEntry } from "../../contract/orders.ts";
import type { OrderQuote } from "../../contract/requests/order-quote.ts";
import type { FeedEvent } from "../../contract/stream.ts";
import { decimalText } from "../../orders/money.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { StreamClient } from "../client/stream.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { momentText, paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { eachOf, pairs, wholeNumber } from "./option-values.ts";

type ListOptions = AccessOptions & {
  readonly status?: string;
  readonly channel?: string;
  readonly hold?: string;
  readonly limit: string;
};

type ReleaseOptions = AccessOptions & { readonly code: readonly string[]; readonly hold: readonly string[] };

type HoldOptions = AccessOptions & { readonly reason?: string; readonly ownReason?: string };

type CancelOptions = AccessOptions & { readonly reason: string; readonly line: readonly string[] };

type ChangeOptions = AccessOptions & { readonly revision?: string; readonly reason?: string };

export function addOrderCommand(program: Command): void {
  const order = withAccess(program.command("order"))
    .summary("list, show, follow, hold, release, change and cancel orders")
    .description(
      "Shows an order with its timeline, and does to it what people do. --watch goes on with each entry as it happens, " +
        "until the order ends.",
    )
    .option("--watch", "follow the order until it is completed, cancelled or on hold for a person")
    .argument("[id]", "order id, e.g. shopify-820982911946154508")
    .enablePositionalOptions()
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast order shopify-820982911946154508
  $ npx holdfast order web-1001 --watch
  $ npx holdfast order web-1001 --watch --json | jq -r .type
  $ npx holdfast order list --status on_hold
  $ npx holdfast order quote order.json --channel web
  $ npx holdfast order hold web-1001 --reason "The customer will call back"
  $ npx holdfast order release web-1001
  $ npx holdfast order cancel web-1001 --reason "Ordered twice" --line 2=1

Picking and packing: \`holdfast fulfillment\`. Goods that come back: \`holdfast return\`.
Exit status 0 if the order was found and, with --watch, has ended well; 1 if it waits for a person.`,
    );
  order.action(async (id: string | undefined, options: AccessOptions & { readonly watch?: boolean }) => {
    if (id === undefined) order.error("error: missing the id of an order, or a subcommand");
    else await showOrder(id, options);
  });
  const onOrder = (name: string, description: string): Command =>
    withAccess(order.command(name).description(description)).argument("<id>", "id of the order");
  withAccess(order.command("list").description("List orders, newest first"))
    .argument("[text]", "part of the order's number, or of the customer's name")
    .option("--status <status>", "open, on_hold, completed, cancelled, …")
    .option("--channel <id>", "only of this channel")
    .option("--hold <code>", "only those that wait for this reason")
    .option("--limit <n>", "so many at most", "100")
    .action(list);
  onOrder("show", "Show an order with its timeline")
    .option("--watch", "follow the order until it is completed, cancelled or on hold for a person")
    .action(showOrder);
  onOrder("timeline", "What happened to an order, oldest first").action(timeline);
  onOrder("revisions", "Every revision of its document, newest first").action(revisions);
  onOrder("hold", "Put an order on hold")
    .option("--reason <text>", "why, in words; needed without --own-reason")
    .option("--own-reason <code>", "a reason of the company's own: `holdfast hold-reason list` has them")
    .action(hold);
  onOrder("release", "Clear what a person may clear, and let the order go on")
    .option("--code <code>", "only reasons of this code; may be repeated", eachOf, [])
    .option("--hold <id>", "only the hold with this id; may be repeated", eachOf, [])
    .action(release);
  onOrder("cancel", "Cancel an order, or lines of it")
    .requiredOption("--reason <text>", "why")
    .option("--line <line=units>", "only so many units of a line; may be repeated", eachOf, [])
    .action(cancel);
  onOrder("change", "Change an order by edits that count together or not at all")
    .argument("<file>", "a JSON list of edits, see docs/protocol.md")
    .option("--revision <n>", "the revision that the edits were made for; another one is refused")
    .option("--reason <text>", "why")
    .action(change);
  withAccess(
    order.command("quote").description("What would become of an order that is sent now; reserves nothing"),
  )
    .argument("<file>", "a canonical order as JSON, without id, prices and address where they are not known")
    .option("--channel <id>", "the channel that it would come by; needed where several take orders by hand")
    .action(quote);
  onOrder("ship-available", "Let what is there leave before the rest").action(
    (id: string, options: AccessOptions) => act(id, "/ship-available", {}, "leaves in parts", options),
  );
  onOrder("pickup-place", "Say in which store an order is collected")
    .argument("<location>", "id of the store")
    .action((id: string, locationId: string, options: AccessOptions) =>
      act(id, "/pickup-place", { locationId }, `is collected at ${locationId}`, options),
    );
  onOrder("resend-notice", "Send a mail to the shopper again")
    .argument("<notice>", "key of the mail; `show --json` has it")
    .action((id: string, notice: string, options: AccessOptions) =>
      act(id, "/resend-notice", { notice }, "gets its mail again", options),
    );
  onOrder("tracking-link", "Show the address of the shopper's page").action(trackingLink);
}

function pathOf(id: string, action = ""): string {
  return `/v1/orders/${encodeURIComponent(id)}${action}`;
}

async function list(text: string | undefined, options: ListOptions): Promise<void> {
  const most = wholeNumber("--limit", options.limit);
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams();
  if (text !== undefined) query.set("q", text);
  if (options.status !== undefined) query.set("status", options.status);
  if (options.channel !== undefined) query.set("channel", options.channel);
  if (options.hold !== undefined) query.set("hold", options.hold);
  const rows: string[][] = [];
  let shown = 0;
  for await (const one of rest.all<OrderSummary>(`/v1/orders?${query}`)) {
    if (shown === most) break;
    shown += 1;
    if (options.json) printJson(one);
    else
      rows.push([
        one.id,
        one.status,
        one.holdReasons.map(({ code }) => code).join(", "),
        one.fulfillmentStatus,
        one.paymentStatus,
        `${decimalText({ minor: one.totalMinor, currency: one.currency, exponent: one.exponent })} ${one.currency}`,
        momentText(one.placedAt),
        one.customerName,
      ]);
  }
  if (options.json) return;
  const head = ["id", "status", "waits for", "fulfillment", "payment", "total", "placed", "customer"];
  print(rows.length === 0 ? "No orders." : table([head.map((one) => paint("dim", one)), ...rows], [5]));
}

async function timeline(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  for await (const entry of rest.all<TimelineEntry>(pathOf(id, "/timeline"))) {
    if (options.json) printJson(entry);
    else print(line(entry));
  }
}

async function revisions(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<{ readonly items: readonly OrderRevisionView[] }>(
    pathOf(id, "/revisions"),
  );
  for (const one of items) {
    if (options.json) printJson(one);
    else
      print(
        `${paint("bold", String(one.revision))}  ${one.at}  ${one.by}  ${one.changes.map(({ what }) => what).join(", ")}`,
      );
  }
}

function release(id: string, { code, hold, ...options }: ReleaseOptions): Promise<void> {
  const body = {
    ...(code.length === 0 ? {} : { codes: code }),
    ...(hold.length === 0 ? {} : { ids: hold }),
  };
  return act(id, "/release-hold", body, "goes on", options);
}

async function cancel(id: string, { reason, line: named, ...options }: CancelOptions): Promise<void> {
  const lines = pairs("--line", named).map(([lineId, units]) => ({
    lineId,
    quantity: wholeNumber("--line", units),
  }));
  const rest = new RestClient(await findAccess(options));
  const body = { reason, ...(lines.length === 0 ? {} : { lines }) };
  tellChange(id, await rest.post<ChangeAnswer>(pathOf(id, "/cancel"), body), options);
}

async function quote(file: string, options: AccessOptions & { readonly channel?: string }): Promise<void> {
  const draft = await readDraft(file);
  const rest = new RestClient(await findAccess(options));
  const query = options.channel === undefined ? "" : `?channel=${encodeURIComponent(options.channel)}`;
  const quoted = await rest.post<OrderQuote>(`/v1/orders/quote${query}`, draft);
  if (options.json) printJson(quoted);
  else tellQuote(quoted);
  if (quoted.outcome === "refused") process.exitCode = 1;
}

async function readDraft(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new UserProblem(
      "file_unreadable",
      `${file} cannot be read as a JSON order: ${reasonOf(cause)}.`,
      `Example: {"currency":"USD","lines":[{"sku":"MUG-1","quantity":2}]}`,
      { cause, exitStatus: 2 },
    );
  }
}

function tellQuote({ outcome, problem, holdReasons, lines, sums, currency, promise }: OrderQuote): void {
  print(paint("bold", outcome));
  if (problem !== null) print(`  ${problem.detail} (${problem.code})`);
  for (const { code, detail } of holdReasons) print(`  ${detail} (${code})`);
  print(
    table([
      ["sku", "units", "available", "missing", "ships from"],
      ...lines.map(({ channelSku, quantity, available, missing, from }) => [
        channelSku,
        String(quantity),
        available === null ? "none" : String(available),
        String(missing),
        from.map(({ locationId, units }) => `${locationId} ${units}`).join(", "),
      ]),
    ]),
  );
  const total = decimalText({ minor: sums.totalMinor, currency, exponent: sums.exponent });
  print(`total ${total} ${currency}`);
  if (promise !== null) print(`ships by ${promise.shipBy}, delivered by ${promise.deliverBy}`);
}

async function change(id: string, file: string, options: ChangeOptions): Promise<void> {
  const body: OrderChangeBody = {
    edits: await readEdits(file),
    ...(options.revision === undefined ? {} : { revision: wholeNumber("--revision", options.revision) }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  };
  const rest = new RestClient(await findAccess(options));
  tellChange(id, await rest.post<ChangeAnswer>(pathOf(id, "/changes"), body), options);
}

/** What is wrong inside of an edit is said by the gateway, which knows them. */
async function readEdits(file: string): Promise<OrderChangeBody["edits"]> {
  try {
    const edits: unknown = JSON.parse(await readFile(file, "utf8"));
    if (!Array.isArray(edits)) throw new Error("it is no list");
    return edits;
  } catch (cause) {
    throw new UserProblem(
      "file_unreadable",
      `${file} cannot be read as a JSON list of edits: ${reasonOf(cause)}.`,
      `Example: [{"kind":"quantity","lineId":"1","quantity":2}]`,
      { cause, exitStatus: 2 },
    );
  }
}

async function hold(id: string, { reason, ownReason, ...options }: HoldOptions): Promise<void> {
  if (reason === undefined && ownReason === undefined)
    throw new UserProblem(
      "invalid_argument",
      "Nothing says why: --reason or --own-reason is missing.",
      `Example: --reason "The customer asked to wait."`,
      { exitStatus: 2 },
    );
  const why = {
    ...(reason === undefined ? {} : { reason }),
    ...(ownReason === undefined ? {} : { ownReason }),
  };
  await act(id, "/hold", why, "is on hold", options);
}

async function trackingLink(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const link = await rest.get<{ readonly url: string }>(pathOf(id, "/tracking-link"));
  if (options.json) printJson(link);
  else print(link.url);
}

async function act(
  id: string,
  action: string,
  body: unknown,
  done: string,
  options: AccessOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.post<unknown>(pathOf(id, action), body);
  if (options.json) printJson(answer);
  else print(`${id} ${done}.`);
}

function tellChange(id: string, answer: ChangeAnswer, options: AccessOptions): void {
  if (options.json) printJson(answer);
  else if (answer.status === "cancelling") print(`${id} is being cancelled.`);
  else {
    const what = answer.changes?.map((one) => one.what).join(", ") ?? "";
    print(`${id} is at revision ${answer.revision ?? "?"}${what === "" ? "" : `: ${what}`}.`);
  }
}

async function showOrder(id: string, options: AccessOptions & { readonly watch?: boolean }): Promise<void> {
  const access = await findAccess(options);
  const rest = new RestClient(access);
  const path = pathOf(id);
  const view = await rest.get<OrderView>(path);
  if (options.json && !options.watch) {
    printJson(view);
    return;
  }
  if (!options.json) print(describe(view));
  if (!options.watch) {
    for await (const entry of rest.all<TimelineEntry>(`${path}/timeline`)) print(line(entry));
    return;
  }
  await watch(id, await StreamClient.open(access), rest, options.json === true);
}

async function watch(id: string, stream: StreamClient, rest: RestClient, json: boolean): Promise<void> {
  const path = pathOf(id);
  const shown = new Set<string>();
  const show = (entry: TimelineEntry): void => {
    if (shown.has(entry.key)) return;
    shown.add(entry.key);
    if (json) printJson(entry);
    else print(line(entry));
  };
  let wake: () => void = () => {};
  try {
    // Subscribed before the past is read, so that nothing falls between the two.
    const early: FeedEvent[] = [];
    let pastShown = false;
    await stream.subscribe({ after: null, order: id }, (events) => {
      if (pastShown) events.forEach(show);
      else early.push(...events);
      wake();
    });
    for await (const entry of rest.all<TimelineEntry>(`${path}/timeline`)) show(entry);
    early.forEach(show);
    pastShown = true;
    for (;;) {
      const { summary } = await rest.get<OrderView>(path);
      if (summary.status === "completed" || summary.status === "cancelled" || summary.status === "on_hold") {
        // Entries committed before the status was read are in the timeline now, though the feed may not have
        // brought them yet.
        for await (const entry of rest.all<TimelineEntry>(`${path}/timeline`)) show(entry);
        if (!json)
          print(
            ending(
              summary.status,
              summary.holdReasons.map((reason) => reason.detail),
            ),
          );
        if (summary.status === "on_hold") process.exitCode = 1;
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 2_000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    stream.close();
  }
}

function ending(status: string, holds: readonly string[]): string {
  if (status === "on_hold") return paint("yellow", `\nOn hold: ${holds.join(" ")}`);
  return status === "completed" ? paint("green", "\nCompleted.") : paint("red", "\nCancelled.");
}

function describe(view: OrderView): string {
  const { summary, document } = view;
  const total = `${decimalText({ minor: summary.totalMinor, currency: summary.currency, exponent: summary.exponent })} ${summary.currency}`;
  const head = `${paint("bold", summary.id)}  ${summary.externalNumber}  ${summary.customerName}, ${total}`;
  const state = `status ${summary.status} · payment ${summary.paymentStatus} · fulfillment ${summary.fulfillmentStatus} · returns ${summary.returnStatus}`;
  const lines = view.lines.map((one) => [
    "  ",
    `${one.ordered} ×`,
    one.sku ?? paint("yellow", `${one.channelSku || "(no SKU)"} not mapped`),
    one.title,
    `shipped ${one.shipped}, delivered ${one.delivered}`,
  ]);
  const promise = summary.deliverBy === null ? [] : [`  promised by ${summary.deliverBy}`];
  const holds = summary.holdReasons.map((reason) =>
    paint("yellow", `  on hold, ${reason.code}: ${reason.detail}`),
  );
  const parts = view.fulfillmentOrders.map(
    (one) => `  fulfillment order ${one.id} at ${one.locationName}: ${one.status}, ${one.stage}`,
  );
  const parcels = view.shipments.map(
    (one) => `  parcel ${one.carrier} ${one.trackingNumber}: ${one.trackingStatus}`,
  );
  const to = document.shippingAddress;
  const address = to === null ? [] : [`  to ${to.name}, ${to.city} ${to.region ?? ""} ${to.country}`];
  return [head, `  ${state}`, ...address, table(lines), ...promise, ...holds, ...parts, ...parcels, ""].join(
    "\n",
  );
}

function line(entry: TimelineEntry): string {
  const time = paint("dim", momentText(entry.at));
  return `${time}  ${paint(colourOf(entry.type), entry.type.padEnd(28))} ${entry.summary} ${paint("dim", `(${entry.cause})`)}`;
}

function colourOf(type: string): "cyan" | "green" | "yellow" | "red" | "magenta" | "blue" {
  const [area = ""] = type.split(".");
  if (/held|hold|exception|short/.test(type)) return "yellow";
  if (/failed|declined|cancelled/.test(type)) return "red";
  if (area === "payment") return "magenta";
  if (area === "shipment" || area === "label") return "blue";
  return area === "order" ? "green" : "cyan";
}
