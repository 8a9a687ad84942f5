/** `holdfast order ID`: one order, and with --watch its timeline as it happens, until the order has ended. */
import type { Command } from "commander";
import type { OrderView, TimelineEntry } from "../../contract/orders.ts";
import type { FeedEvent } from "../../contract/stream.ts";
import { decimalText } from "../../orders/money.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { StreamClient } from "../client/stream.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

export function addOrderCommand(program: Command): void {
  const command = program
    .command("order")
    .summary("show an order, or follow it to its end")
    .description(
      "Shows an order with its timeline. --watch goes on with each entry as it happens, until the order ends.",
    )
    .option("--watch", "follow the order until it is completed, cancelled or on hold for a person")
    .argument("<id>", "order id, e.g. shopify-820982911946154508");
  withAccess(command)
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast order shopify-820982911946154508
  $ npx holdfast order web-1001 --watch
  $ npx holdfast order web-1001 --watch --json | jq -r .type

Exit status 0 if the order was found and, with --watch, has ended well; 1 if it waits for a person.`,
    )
    .action(showOrder);
}

async function showOrder(id: string, options: AccessOptions & { readonly watch?: boolean }): Promise<void> {
  const access = await findAccess(options);
  const rest = new RestClient(access);
  const path = `/v1/orders/${encodeURIComponent(id)}`;
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
  const path = `/v1/orders/${encodeURIComponent(id)}`;
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
  const parcels = view.shipments.map(
    (one) => `  parcel ${one.carrier} ${one.trackingNumber}: ${one.trackingStatus}`,
  );
  const to = document.shippingAddress;
  const address = to === null ? [] : [`  to ${to.name}, ${to.city} ${to.region ?? ""} ${to.country}`];
  return [head, `  ${state}`, ...address, table(lines), ...promise, ...holds, ...parcels, ""].join("\n");
}

function line(entry: TimelineEntry): string {
  const time = paint("dim", entry.at.slice(11, 23));
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
