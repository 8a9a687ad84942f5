/** `holdfast stock`: what is where, why a number is what it is, and goods that arrive. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { StockExplanation, StockRow } from "../../contract/stock.ts";
import type { StockAnswer } from "../../contract/stock-commands.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

export function addStockCommand(program: Command): void {
  const stock = program
    .command("stock")
    .summary("show stock, explain a number, receive goods")
    .description("Shows stock by SKU and location, explains a number by its movements, or receives goods.")
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast stock show HAT-BRM
  $ npx holdfast stock explain HAT-BRM-SAND fc-reno
  $ npx holdfast stock receive HAT-BRM-SAND fc-reno 200

Everything else is a command of POST /v1/stock/commands or the stream: expect, cancel-expected, adjust, count,
approve-count, reject-count, transfer-out, transfer-in, quarantine, release-quarantine, set-safety-stock, set-pool,
set-tracking, reserve, extend, claim, release, allocate, deallocate, pick, short-pick, ship, return-receive,
enqueue-demand, cancel-demand.`,
    );
  withAccess(stock.command("show").description("List positions whose SKU or name contains a text"))
    .argument("[text]", "part of a SKU or name")
    .option("--location <id>", "only this location")
    .addHelpText("after", "\nExample:\n  $ npx holdfast stock show JKT --location fc-reno")
    .action(show);
  withAccess(stock.command("explain").description("Show the movements and holds that make up a number"))
    .argument("<sku>")
    .argument("<location>")
    .addHelpText("after", "\nExample:\n  $ npx holdfast stock explain HAT-BRM-SAND fc-reno")
    .action(explain);
  withAccess(stock.command("receive").description("Book goods that have arrived"))
    .argument("<sku>")
    .argument("<location>")
    .argument("<quantity>")
    .option("--id <id>", "the receipt's own number; repeating it books nothing twice")
    .addHelpText("after", "\nExample:\n  $ npx holdfast stock receive HAT-BRM-SAND fc-reno 200 --id GR-2041")
    .action(receive);
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
  for await (const row of rest.all<StockRow>(`/v1/stock?${query}`)) {
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
      ? "No such stock."
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
    `  ${paint("dim", one.at.slice(0, 19).replace("T", " "))}`,
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
  options: AccessOptions & { readonly id?: string },
): Promise<void> {
  const quantity = Number(quantityText);
  if (!Number.isInteger(quantity) || quantity <= 0) {
    throw new UserProblem(
      "invalid_argument",
      `"${quantityText}" is not a whole number of units.`,
      "Example: 200",
      {
        exitStatus: 2,
      },
    );
  }
  const id = options.id ?? randomUUID();
  const command = {
    type: "receive",
    commandId: `receipt:${id}:${sku}:${locationId}`,
    atMs: Date.now(),
    cause: `receipt:${id}`,
    sku,
    locationId,
    quantity,
  };
  const rest = new RestClient(await findAccess(options));
  const { outcomes } = await rest.post<{ readonly outcomes: readonly StockAnswer[] }>("/v1/stock/commands", {
    commands: [command],
  });
  const outcome = outcomes[0];
  if (options.json) printJson(outcome);
  if (outcome?.status !== "applied") {
    throw new UserProblem(
      outcome?.code ?? "no_outcome",
      outcome === undefined ? "no outcome" : `${outcome.detail} (${outcome.code})`,
      "Nothing was booked.",
    );
  }
  if (!options.json)
    print(`${paint("green", "received")} ${quantity} × ${sku}; now ${outcome.position.onHand} on hand.`);
}
