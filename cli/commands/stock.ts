/** `holdfast stock`: what is where, why a number is what it is, and what people do to it. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { StockExplanation, StockRow } from "../../contract/stock.ts";
import type { StockAnswer } from "../../contract/stock-commands.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { momentText, paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { eachOf, wholeNumber } from "./option-values.ts";

type Applied = Extract<StockAnswer, { readonly status: "applied" }>;

/** What of the goods is told apart. */
type UnitOptions = AccessOptions & {
  readonly id?: string;
  readonly lot?: string;
  readonly lotExpires?: string;
  readonly serial?: readonly string[];
};

type ReasonOptions = UnitOptions & { readonly reason: string };

export function addStockCommand(program: Command): void {
  const stock = program
    .command("stock")
    .summary("show stock, explain a number, receive, count, adjust and move goods")
    .description(
      "Shows stock by SKU and location, explains a number by its movements, and does what people do to it. What is done " +
        "under an `--id` is done once, however often it is asked for.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast stock show HAT-BRM
  $ npx holdfast stock explain HAT-BRM-SAND fc-reno
  $ npx holdfast stock receive HAT-BRM-SAND fc-reno 200 --id GR-2041
  $ npx holdfast stock count HAT-BRM-SAND fc-reno 197 --reason "cycle count" --id CC-12
  $ npx holdfast stock approve-count HAT-BRM-SAND fc-reno CC-12
  $ npx holdfast stock transfer-out HAT-BRM-SAND fc-reno store-sf 20 --due 2026-12-03 --id TR-7
  $ npx holdfast stock transfer-in HAT-BRM-SAND store-sf TR-7 20

Machines have more, by POST /v1/stock/commands or the stream: set-pool, set-tracking, reserve, extend, claim, release,
allocate, deallocate, pick, short-pick, ship, return-receive, enqueue-demand, cancel-demand.`,
    );
  withAccess(
    stock.command("show").alias("list").description("List positions whose SKU or name contains a text"),
  )
    .argument("[text]", "part of a SKU or name")
    .option("--location <id>", "only this location")
    .addHelpText("after", "\nExample:\n  $ npx holdfast stock show JKT --location fc-reno")
    .action(show);
  const onPosition = (name: string, description: string): Command =>
    withAccess(stock.command(name).description(description)).argument("<sku>").argument("<location>");
  onPosition("explain", "Show the movements and holds that make up a number")
    .addHelpText("after", "\nExample:\n  $ npx holdfast stock explain HAT-BRM-SAND fc-reno")
    .action(explain);
  withUnits(onPosition("receive", "Book goods that have arrived").argument("<quantity>"))
    .option("--id <id>", "the receipt's own number; repeating it books nothing twice")
    .option("--lot-expires <day>", "the last day of the lot")
    .addHelpText("after", "\nExample:\n  $ npx holdfast stock receive HAT-BRM-SAND fc-reno 200 --id GR-2041")
    .action(receive);
  withUnits(onPosition("adjust", "Book a correction: units found (3) or gone (-3)").argument("<units>"))
    .option("--id <id>", "its own number; repeating it books nothing twice")
    .requiredOption("--reason <text>", "why")
    .action((sku: string, location: string, units: string, options: ReasonOptions) =>
      act("adjust", sku, location, { delta: signedNumber(units), reason: options.reason }, options),
    );
  onPosition("count", "Say how many units are there; a large difference waits for somebody else")
    .argument("<units>")
    .option("--id <id>", "the count's own number, by which it is approved")
    .requiredOption("--reason <text>", "why it was counted")
    .action(count);
  onPosition("approve-count", "Let a count that differs by much hold")
    .argument("<count>", "its number")
    .action((sku: string, location: string, countId: string, options: AccessOptions) =>
      act("approve-count", sku, location, { countId }, { ...options, id: countId }),
    );
  onPosition("reject-count", "Let such a count not hold")
    .argument("<count>", "its number")
    .action((sku: string, location: string, countId: string, options: AccessOptions) =>
      act("reject-count", sku, location, { countId }, { ...options, id: countId }),
    );
  withUnits(
    onPosition("transfer-out", "Send goods to another location")
      .argument("<to>", "id of the location")
      .argument("<quantity>"),
  )
    .requiredOption("--due <day>", "when they are expected there, e.g. 2026-12-03")
    .option("--id <id>", "the transfer's own number, by which it comes in")
    .action(transferOut);
  withUnits(
    onPosition("transfer-in", "Take goods in that another location has sent")
      .argument("<transfer>", "its number")
      .argument("<quantity>"),
  )
    .option("--close", "nothing more of it will come")
    .option("--id <id>", "this receipt's own number; repeating it books nothing twice")
    .action(transferIn);
  withUnits(onPosition("quarantine", "Set free units apart").argument("<quantity>"))
    .option("--id <id>", "its own number; repeating it books nothing twice")
    .requiredOption("--reason <text>", "why")
    .action((sku: string, location: string, quantity: string, options: ReasonOptions) =>
      act("quarantine", sku, location, { quantity: units(quantity), reason: options.reason }, options),
    );
  withUnits(onPosition("release-quarantine", "Free units again that were set apart").argument("<quantity>"))
    .option("--id <id>", "its own number; repeating it books nothing twice")
    .requiredOption("--reason <text>", "what they were set apart for")
    .action((sku: string, location: string, quantity: string, options: ReasonOptions) =>
      act(
        "release-quarantine",
        sku,
        location,
        { quantity: units(quantity), reason: options.reason },
        options,
      ),
    );
  onPosition("safety-stock", "Say how many units are never promised; 0: all are")
    .argument("<units>")
    .action((sku: string, location: string, quantity: string, options: AccessOptions) =>
      act("set-safety-stock", sku, location, { quantity: wholeNumber("<units>", quantity) }, options),
    );
  onPosition("expect", "Say what is on its way to a location")
    .argument("<quantity>")
    .requiredOption("--reference <number>", "the delivery's own number")
    .requiredOption("--due <day>", "when it is expected, e.g. 2026-12-03")
    .action(expect);
  onPosition("cancel-expected", "A delivery does not come")
    .requiredOption("--reference <number>", "the delivery's own number")
    .action((sku: string, location: string, options: AccessOptions & { readonly reference: string }) =>
      act(
        "cancel-expected",
        sku,
        location,
        { reference: options.reference },
        { ...options, id: options.reference },
      ),
    );
}

function withUnits(command: Command): Command {
  return command
    .option("--lot <lot>", "the lot, of goods that are told apart by it")
    .option("--serial <number>", "serial number of a unit; may be repeated", eachOf, []);
}

async function show(
  text: string | undefined,
  options: AccessOptions & { readonly location?: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams();
  if (text !== undefined) query.set("q", text);
  if (options.location !== undefined) query.set("location", options.location);
  const rows: string[][] = [];
  let found = 0;
  for await (const row of rest.all<StockRow>(`/v1/stock?${query}`)) {
    found += 1;
    if (options.json) printJson(row);
    else {
      const numbers = [
        row.onHand,
        row.reserved,
        row.allocated,
        row.picked,
        row.unavailable,
        row.incoming,
        row.fenced,
        row.availableToPromise,
      ];
      rows.push([row.sku, row.locationId, ...numbers.map(String), row.name]);
    }
  }
  if (found === 0 && text !== undefined)
    throw new UserProblem(
      "not_found",
      `No stock goes by "${text}"${options.location === undefined ? "" : ` at ${options.location}`}.`,
      "Without a name, `holdfast stock show` lists all of it; `holdfast product list` lists what has none.",
    );
  if (options.json) return;
  const head = [
    "SKU",
    "location",
    "on hand",
    "reserved",
    "allocated",
    "picked",
    "unavailable",
    "incoming",
    "fenced",
    "to promise",
    "name",
  ];
  print(
    rows.length === 0
      ? "There is no stock yet."
      : table([head.map((one) => paint("dim", one)), ...rows], [2, 3, 4, 5, 6, 7, 8, 9]),
  );
}

async function explain(sku: string, location: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.get<StockExplanation>(
    `/v1/stock/${encodeURIComponent(sku)}/${encodeURIComponent(location)}/explain`,
  );
  if (options.json) printJson(answer);
  else print(describe(answer));
  if (!answer.reconciles) process.exitCode = 1;
}

function describe({ position, movements, holds, reconciles }: StockExplanation): string {
  const signed = (value: number): string => (value === 0 ? "" : value > 0 ? `+${value}` : String(value));
  const rows = movements.map((one) => [
    `  ${paint("dim", momentText(one.at))}`,
    one.kind,
    signed(one.onHand),
    String(one.onHandAfter),
    String(one.availableAfter),
    one.cause,
  ]);
  return [
    `${paint("bold", `${position.sku} at ${position.locationName}`)}: ${position.onHand} on hand, ${position.availableToPromise} to promise`,
    table(
      [
        ["  when", "what", "on hand", "after", "to promise", "cause"].map((one) => paint("dim", one)),
        ...rows,
      ],
      [2, 3, 4],
    ),
    ...holds.map((hold) => `  held: ${hold.quantity} ${hold.state} for ${hold.cause}`),
    reconciles
      ? paint("green", "  The movements add up to the number.")
      : paint("red", "  The movements do NOT add up to the number: please report it."),
  ].join("\n");
}

async function receive(
  sku: string,
  locationId: string,
  quantityText: string,
  options: UnitOptions,
): Promise<void> {
  const quantity = units(quantityText);
  const id = options.id ?? randomUUID();
  const { position } = await apply(
    {
      type: "receive",
      commandId: `receipt:${id}:${sku}:${locationId}`,
      cause: `receipt:${id}`,
      sku,
      locationId,
      quantity,
      ...unitsOf(options),
      ...(options.lotExpires === undefined
        ? {}
        : { lotExpiresAtMs: dayMs("--lot-expires", options.lotExpires) }),
    },
    options,
  );
  if (!options.json)
    print(`${paint("green", "received")} ${quantity} × ${sku}; now ${position.onHand} on hand.`);
}

async function count(sku: string, locationId: string, text: string, options: ReasonOptions): Promise<void> {
  const countId = options.id ?? randomUUID();
  const counted = wholeNumber("<units>", text);
  await act(
    "count",
    sku,
    locationId,
    { countId, counted, reason: options.reason },
    { ...options, id: countId },
  );
  if (!options.json) print(`Its number is ${countId}.`);
}

async function transferOut(
  sku: string,
  locationId: string,
  toLocationId: string,
  quantity: string,
  options: UnitOptions & { readonly due: string },
): Promise<void> {
  const transferId = options.id ?? randomUUID();
  const fields = {
    transferId,
    toLocationId,
    quantity: units(quantity),
    dueAtMs: dayMs("--due", options.due),
  };
  await act("transfer-out", sku, locationId, fields, { ...options, id: transferId });
  if (!options.json) print(`Its number is ${transferId}.`);
}

function transferIn(
  sku: string,
  locationId: string,
  transferId: string,
  quantity: string,
  options: UnitOptions & { readonly close?: boolean },
): Promise<void> {
  const fields = {
    transferId,
    quantity: wholeNumber("<quantity>", quantity),
    ...(options.close ? { close: true } : {}),
  };
  return act("transfer-in", sku, locationId, fields, options);
}

function expect(
  sku: string,
  locationId: string,
  quantity: string,
  options: AccessOptions & { readonly reference: string; readonly due: string },
): Promise<void> {
  const { reference, due } = options;
  const fields = { reference, quantity: units(quantity), dueAtMs: dayMs("--due", due) };
  return act("expect", sku, locationId, fields, { ...options, id: reference });
}

/** One command on one position, under the number that it was given or a new one. */
async function act(
  type: string,
  sku: string,
  locationId: string,
  fields: Readonly<Record<string, unknown>>,
  options: UnitOptions,
): Promise<void> {
  const id = options.id ?? randomUUID();
  const command = {
    type,
    commandId: `${type}:${id}:${sku}:${locationId}`,
    cause: `${type}:${id}`,
    sku,
    locationId,
    ...fields,
    ...unitsOf(options),
  };
  const { position } = await apply(command, options);
  if (!options.json)
    print(
      `${paint("green", "done")}: ${type} ${sku} at ${locationId}; now ${position.onHand} on hand, ${position.availableToPromise} to promise.`,
    );
}

async function apply(command: Readonly<Record<string, unknown>>, options: AccessOptions): Promise<Applied> {
  const rest = new RestClient(await findAccess(options));
  const { outcomes } = await rest.post<{ readonly outcomes: readonly StockAnswer[] }>("/v1/stock/commands", {
    commands: [{ ...command, atMs: Date.now() }],
  });
  const [outcome] = outcomes;
  if (options.json) printJson(outcome);
  if (outcome?.status !== "applied") {
    throw new UserProblem(
      outcome?.code ?? "no_outcome",
      outcome === undefined ? "no outcome" : `${outcome.detail} (${outcome.code})`,
      "Nothing was booked.",
    );
  }
  return outcome;
}

function unitsOf({ lot, serial = [] }: UnitOptions) {
  return {
    ...(lot === undefined ? {} : { lot }),
    ...(serial.length === 0 ? {} : { serials: serial }),
  };
}

/** @throws UserProblem with exit status 2 where it is no number of units, or none */
function units(text: string): number {
  const quantity = Number(text);
  if (Number.isInteger(quantity) && quantity > 0) return quantity;
  throw new UserProblem("invalid_argument", `"${text}" is not a whole number of units.`, "Example: 200", {
    exitStatus: 2,
  });
}

function signedNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number !== 0) return number;
  throw new UserProblem("invalid_argument", `"${text}" is not a number of units.`, "Example: -3", {
    exitStatus: 2,
  });
}

/** The beginning of the day, by UTC: nobody waits for the minute of a delivery. */
function dayMs(option: string, day: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UserProblem("invalid_argument", `${option} must be a day, not "${day}".`, "Example: 2026-12-03", {
    exitStatus: 2,
  });
}
