/**
 * `holdfast personal-data`: what is known of a shopper is told, erased, and kept no longer than it may be.
 */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type {
  ErasureView,
  PersonBody,
  PersonExport,
  PersonsOrders,
  Retention,
  RetentionBody,
  RetentionReport,
} from "../../contract/personal-data.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { note, paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type PersonOptions = AccessOptions & {
  readonly email?: string;
  readonly phone?: string;
  readonly order?: string;
};
type OutputOptions = AccessOptions & { readonly output?: string };
type Kind = Exclude<keyof Retention, "version">;

const PATH = "/v1/personal-data";
const RETENTION_PATH = "/v1/settings/retention";
/** Options of `retention set`, by kind. */
const KINDS: readonly (readonly [kind: Kind, option: string, meaning: string])[] = [
  ["keepWhole", "keep-whole", "days for which nobody may have an ended order erased"],
  ["payloads", "payloads", "days to keep what channels sent, after an order's end"],
  ["labels", "labels", "days to keep the labels of parcels"],
  ["mails", "mails", "days to keep to whom mails went"],
  ["persons", "persons", "days to keep who an order's people were, after its end"],
];

export function addPersonalDataCommand(program: Command): void {
  const data = program
    .command("personal-data")
    .summary("export, erase and retain what is known of shoppers")
    .description(
      "Tells everything that is stored of a shopper, erases it for good, and sets how long it is kept. A shopper is named " +
        "by e-mail address, telephone number, or one of their orders.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast personal-data export --email ada@example.com --output ada.json
  $ npx holdfast personal-data erase --order web-1001
  $ npx holdfast personal-data erasures --output /safe/erasures.jsonl
  $ npx holdfast personal-data retention set --payloads 90 --labels 180 --persons 3650 --keep-whole 3650`,
    );
  withPerson(
    data.command("orders").description("List a shopper's orders, and why one cannot be erased yet"),
  ).action(orders);
  withPerson(
    data.command("export").description("Write everything that is stored of a shopper as one JSON document"),
  )
    .option("--output <file>", "where to (default: standard output)")
    .action(exportPerson);
  withPerson(
    data.command("erase").description("Erase the personal data of all orders of a shopper, for good"),
  ).action(erase);
  withAccess(
    data.command("erasures").description("List erasures, a JSON document a line; `restore` takes them"),
  )
    .option("--output <file>", "where to (default: standard output)")
    .action(erasures);
  const retention = data.command("retention").description("How long personal data is kept");
  withAccess(
    retention.command("show").description("Show for how many days it is kept, and how much is due"),
  ).action(showRetention);
  const set = withAccess(
    retention.command("set").description("Set for how many days it is kept; `keep`: no end"),
  );
  for (const [, option, meaning] of KINDS) set.option(`--${option} <days>`, meaning);
  set.action(setRetention);
}

function withPerson(command: Command): Command {
  return withAccess(command)
    .option("--email <address>", "the shopper's e-mail address")
    .option("--phone <number>", "the shopper's telephone number")
    .option("--order <id>", "an order of the shopper's");
}

function personOf({ email, phone, order }: PersonOptions): PersonBody {
  const named = [
    ...(email === undefined ? [] : [{ email }]),
    ...(phone === undefined ? [] : [{ phone }]),
    ...(order === undefined ? [] : [{ order }]),
  ];
  const [person] = named;
  if (person === undefined || named.length > 1)
    throw new UserProblem(
      "wrong_command_line",
      "Name the shopper by one of --email, --phone and --order.",
      "Example: --order web-1001",
      { exitStatus: 2 },
    );
  return person;
}

async function orders(options: PersonOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const found = await rest.post<PersonsOrders>(`${PATH}/orders`, personOf(options));
  if (options.json) {
    for (const order of found.orders) printJson(order);
    return;
  }
  const rows = found.orders.map(({ orderId, orderNumber, erasedAt, neededFor, until }) => [
    orderId,
    orderNumber,
    erasedAt === null ? (neededFor ?? "can be erased") : `erased ${erasedAt}`,
    until ?? "",
  ]);
  print(table([["order", "number", "state", "until"].map((one) => paint("dim", one)), ...rows]));
}

async function exportPerson(options: PersonOptions & OutputOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const exported = await rest.post<PersonExport>(`${PATH}/export`, personOf(options));
  await write(`${JSON.stringify(exported, null, 2)}\n`, options.output);
  note(`${ordersText(exported.orders.length)}.`);
}

function ordersText(orders: number): string {
  return orders === 1 ? "1 order" : `${orders} orders`;
}

async function erase(options: PersonOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const erasure = await rest.post<ErasureView>(`${PATH}/erasures`, personOf(options));
  if (options.json) printJson(erasure);
  else
    print(
      erasure.doneAt === null
        ? `The erasure of ${ordersText(erasure.orders.length)} is under way; what is still needed goes by itself later.`
        : `Erased: ${erasure.orders.join(", ")}.`,
    );
  note(
    "A backup that was made before has it still: keep `holdfast personal-data erasures` apart, for a restore.",
  );
}

async function erasures(options: OutputOptions): Promise<void> {
  const { items } = await new RestClient(await findAccess(options)).get<{
    readonly items: readonly ErasureView[];
  }>(`${PATH}/erasures`);
  await write(items.map((erasure) => `${JSON.stringify(erasure)}\n`).join(""), options.output);
}

async function write(text: string, output: string | undefined): Promise<void> {
  // For its owner alone: it is what the encryption keeps from everybody else.
  if (output === undefined) process.stdout.write(text);
  else await writeFile(output, text, { mode: 0o600 });
}

async function showRetention(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const kept = await rest.get<Retention>(RETENTION_PATH);
  const due = await rest.get<RetentionReport>(`${RETENTION_PATH}/due`);
  if (options.json) {
    printJson({ ...kept, due });
    return;
  }
  const rows = KINDS.map(([kind, , meaning]) => [
    kind,
    kept[kind] === null ? "no end" : String(kept[kind]),
    kind === "keepWhole" ? "" : String(due[kind]),
    meaning,
  ]);
  print(table([["kind", "days", "due now", "meaning"].map((one) => paint("dim", one)), ...rows]));
}

async function setRetention(options: AccessOptions & Partial<Record<Kind, string>>): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<Retention>(RETENTION_PATH);
  const days = Object.fromEntries(
    KINDS.flatMap(([kind, option]) => {
      const given = options[kind];
      return given === undefined ? [] : [[kind, daysOf(given, option)]];
    }),
  );
  const body: RetentionBody = { version, ...days };
  await rest.post<Retention>(RETENTION_PATH, body);
  await showRetention(options);
}

function daysOf(text: string, option: string): number | null {
  if (text === "keep") return null;
  const days = Number(text);
  if (!Number.isSafeInteger(days) || days < 1)
    throw new UserProblem("wrong_command_line", `--${option} is a number of days, or keep.`, "Example: 180", {
      exitStatus: 2,
    });
  return days;
}
