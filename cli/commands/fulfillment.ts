/**
 * `holdfast fulfillment`: what places have to ship is listed, packed by hand, held, moved, split, and
 * printed. An order as a whole is in `order.ts`.
 */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { PackBody, Packed, PartChanged, WaitingFulfillmentOrder } from "../../contract/fulfillment.ts";
import type { Shape } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { eachOf, unitsByName, wholeNumber } from "./option-values.ts";

type ListOptions = AccessOptions & {
  readonly location?: string;
  readonly status?: string;
  readonly stage?: string;
  readonly people?: boolean;
};

type PackOptions = AccessOptions & {
  readonly line: readonly string[];
  readonly shortReason?: string;
  readonly scan: readonly string[];
  readonly count: readonly string[];
  readonly grams?: string;
};

type OutputOptions = AccessOptions & { readonly output?: string };

export function addFulfillmentCommand(program: Command): void {
  const command = program
    .command("fulfillment")
    .summary("list, pack, hold, move and split what places have to ship")
    .description(
      "What places have to ship, each part of an order that leaves from one place. What is packed gets its label, is " +
        "shipped and charged by itself.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast fulfillment list --location fc-reno --people
  $ npx holdfast fulfillment pack web-1001-F1
  $ npx holdfast fulfillment pack web-1001-F1 --line web-1001:1=1 --short-reason not_found
  $ npx holdfast fulfillment label <shipment> --output label.pdf
  $ npx holdfast fulfillment move web-1001-F1 fc-leipzig`,
    );
  const onPart = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description)).argument(
      "<id>",
      "id of the fulfillment order",
    );
  withAccess(command.command("list").description("What places have to ship, the most urgent first"))
    .option("--location <id>", "only at this place")
    .option("--status <status>", "open, in_progress, on_hold, scheduled, closed, …")
    .option("--stage <stage>", "waiting, picking, packed, …")
    .option("--people", "only what people pick and pack")
    .action(list);
  onPart("pack", "Somebody has picked and packed it, all or the units given")
    .option(
      "--line <hold=units>",
      "so many units of a hold (`list --json` has them); may be repeated",
      eachOf,
      [],
    )
    .option("--short-reason <code>", "why units are missing, e.g. not_found")
    .option("--scan <code>", "a code that was read on a unit; may be repeated", eachOf, [])
    .option("--count <sku=units>", "units that were counted into the parcel; may be repeated", eachOf, [])
    .option("--grams <n>", "weight of all that goes into the parcel")
    .action(pack);
  onPart("collect", "Hand what the store keeps to the customer")
    .requiredOption("--code <code>", "the customer's code")
    .option("--id-checked", "somebody looked at a document with the customer's name")
    .action(collect);
  onPart("hold", "Nobody works on it until it is released")
    .requiredOption("--reason <text>", "why")
    .action((id: string, { reason, ...options }: AccessOptions & { readonly reason: string }) =>
      act(id, "hold", { reason }, options),
    );
  onPart("release", "Take its holds off")
    .option("--hold <id>", "only this hold; may be repeated", eachOf, [])
    .action((id: string, { hold, ...options }: AccessOptions & { readonly hold: readonly string[] }) =>
      act(id, "release_hold", hold.length === 0 ? {} : { holds: hold }, options),
    );
  onPart("move", "Another location ships it")
    .argument("<location>", "id of the location")
    .action((id: string, locationId: string, options: AccessOptions) =>
      act(id, "move", { locationId }, options),
    );
  onPart("split", "Units of it get a fulfillment order of their own")
    .requiredOption("--line <line=units>", "so many units of a line; may be repeated", eachOf)
    .action(split);
  onPart("merge", "Others of its order and place become part of it")
    .option("--with <id>", "only this one; may be repeated", eachOf, [])
    .action(
      (id: string, { with: others, ...options }: AccessOptions & { readonly with: readonly string[] }) =>
        act(id, "merge", others.length === 0 ? {} : { fulfillmentOrders: others }, options),
    );
  onPart("reschedule", "It begins on a later day")
    .argument("<day>", "e.g. 2026-12-24")
    .action((id: string, releaseOn: string, options: AccessOptions) =>
      act(id, "reschedule", { releaseOn }, options),
    );
  onPart("open", "It begins now, before its day").action((id: string, options: AccessOptions) =>
    act(id, "mark_as_open", {}, options),
  );
  onPart("cancel", "Its units are cancelled in the order")
    .requiredOption("--reason <text>", "why")
    .action((id: string, { reason, ...options }: AccessOptions & { readonly reason: string }) =>
      act(id, "cancel_fulfillment_order", { reason }, options),
    );
  onPart("done-elsewhere", "Somebody else has handed its units over")
    .option("--carrier <name>", "who carried the parcel")
    .option("--tracking <number>", "its number there")
    .action(doneElsewhere);
  onPart("slip", "What to pick and what goes in, as PDF")
    .option("--output <file>", "where to (default: standard output)")
    .action((id: string, options: OutputOptions) => save(pathOf(id, "packing-slip.pdf"), options));
  withAccess(command.command("label").description("The label of a parcel"))
    .argument("<shipment>", "id of the parcel; `order show --json` has it")
    .option("--zpl", "for a thermal printer")
    .option("--output <file>", "where to (default: standard output)")
    .action((id: string, options: OutputOptions & { readonly zpl?: boolean }) =>
      save(`/v1/shipments/${encodeURIComponent(id)}/label.${options.zpl ? "zpl" : "pdf"}`, options),
    );
}

function pathOf(id: string, action: string): string {
  return `/v1/fulfillment-orders/${encodeURIComponent(id)}/${action}`;
}

async function list(options: ListOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams();
  if (options.location !== undefined) query.set("location", options.location);
  if (options.status !== undefined) query.set("status", options.status);
  if (options.stage !== undefined) query.set("stage", options.stage);
  if (options.people) query.set("for", "people");
  const rows: string[][] = [];
  for await (const one of rest.all<WaitingFulfillmentOrder>(`/v1/fulfillment-orders?${query}`)) {
    if (options.json) printJson(one);
    else
      rows.push([
        one.id,
        one.locationId,
        one.status,
        one.stage,
        one.lines.map(({ quantity, sku }) => `${quantity} × ${sku}`).join(", "),
        one.shipBy ?? "",
        one.service,
        one.customerName,
      ]);
  }
  if (options.json) return;
  const head = ["id", "at", "status", "stage", "units", "ship by", "service", "customer"];
  print(rows.length === 0 ? "Nothing to ship." : table([head.map((one) => paint("dim", one)), ...rows]));
}

async function pack(id: string, options: PackOptions): Promise<void> {
  const { scan, grams } = options;
  const lines = unitsByName("--line", options.line)?.map(({ name, units }) => ({
    holdId: name,
    picked: units,
  }));
  const counts = unitsByName("--count", options.count)?.map(({ name, units }) => ({
    sku: name,
    quantity: units,
  }));
  const checked = {
    ...(scan.length === 0 ? {} : { scans: [...scan] }),
    ...(counts === undefined ? {} : { counts }),
    ...(grams === undefined ? {} : { grams: wholeNumber("--grams", grams) }),
  };
  const body: PackBody = {
    ...(lines === undefined ? {} : { lines }),
    ...(options.shortReason === undefined ? {} : { shortReason: options.shortReason }),
    ...(Object.keys(checked).length === 0 ? {} : { checked }),
  };
  const rest = new RestClient(await findAccess(options));
  const packed = await rest.post<Shape<typeof Packed>>(pathOf(id, "pack"), body);
  if (options.json) printJson(packed);
  else if (packed.short) print(`${id} is packed with what was found; the rest comes from elsewhere.`);
  else print(`${id} is packed.`);
}

async function collect(
  id: string,
  options: AccessOptions & { readonly code: string; readonly idChecked?: boolean },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body = { code: options.code, ...(options.idChecked ? { idChecked: true } : {}) };
  const answer = await rest.post<unknown>(pathOf(id, "collect"), body);
  if (options.json) printJson(answer);
  else print(`${id} is collected.`);
}

function split(id: string, options: AccessOptions & { readonly line: readonly string[] }): Promise<void> {
  const lines = (unitsByName("--line", options.line) ?? []).map(({ name, units }) => ({
    lineId: name,
    quantity: units,
  }));
  return act(id, "split", { lines }, options);
}

function doneElsewhere(
  id: string,
  options: AccessOptions & { readonly carrier?: string; readonly tracking?: string },
): Promise<void> {
  const { carrier, tracking } = options;
  const body = {
    ...(carrier === undefined ? {} : { carrier }),
    ...(tracking === undefined ? {} : { trackingNumber: tracking }),
  };
  return act(id, "mark_fulfilled_elsewhere", body, options);
}

async function act(id: string, action: string, body: unknown, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.post<Shape<typeof PartChanged>>(pathOf(id, action), body);
  if (options.json) printJson(answer);
  else print(`done: ${answer.fulfillmentOrders.join(", ")}`);
}

async function save(path: string, options: OutputOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const bytes = await rest.bytes(path);
  if (options.output === undefined) {
    process.stdout.write(bytes);
    return;
  }
  await writeFile(options.output, bytes).catch((cause: unknown) => {
    throw new UserProblem(
      "file_unwritable",
      `${options.output} cannot be written: ${reasonOf(cause)}.`,
      "Name another file with --output.",
      { cause },
    );
  });
  if (options.json) printJson({ file: options.output, bytes: bytes.byteLength });
  else print(`${options.output}: ${bytes.byteLength} bytes`);
}
