/** `holdfast channels`: channels connected to their vendors' APIs, and what goes in and out by them. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type {
  BackfillView,
  ChannelAccountDetail,
  ChannelConnectionView,
  ChannelListingView,
  ChannelTellingView,
  ComparisonView,
  ConnectChannelBody,
  DifferenceView,
} from "../../contract/settings/channel-accounts.ts";
import type { TriedView } from "../../contract/settings/vendor-accounts.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { eachOf, pairs, unitsByName, wholeNumber, yesOrNo } from "./option-values.ts";

type ConnectOptions = AccessOptions & {
  readonly value: readonly string[];
  readonly secretFile: readonly string[];
  readonly pollSeconds?: string;
  readonly tellsOrders?: string;
  readonly tellsStock?: string;
  readonly locations?: string;
  readonly bufferUnits?: string;
  readonly runsLocation?: string;
  readonly bufferPercent?: string;
  readonly mostShown?: string;
  readonly comparesAt?: string;
  readonly active?: string;
  readonly readFrom?: string;
  readonly untried?: boolean;
};

export function addChannelsCommand(program: Command): void {
  const channels = program
    .command("channels")
    .summary("connect channels both ways, and see how each does")
    .description(
      "Connects channels to their vendors' APIs: orders are read there, and what becomes of them and of the stock is told there.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast channels connect shopify_eu --value SHOPIFY_SHOP_URL=https://fernweh.myshopify.com \\
      --value SHOPIFY_CLIENT_ID=0123 --secret-file SHOPIFY_CLIENT_SECRET=./secret
  $ npx holdfast channels status
  $ npx holdfast channels tellings shopify_eu --state dead
  $ npx holdfast channels backfill shopify_eu --since 2026-11-01T00:00:00Z
  $ npx holdfast channels map shopify_eu --listing TEA-6 --unit TEA=6`,
    );
  const of = (name: string, description: string): Command =>
    withAccess(channels.command(name).description(description)).argument("<id>");
  withAccess(channels.command("status").description("How each connected channel does")).action(status);
  of("show", "Show what is set for a channel's account").action(show);
  withAccount(
    of("connect", "Connect a channel, or change its account; what is left out stays as it is"),
  ).action(connect);
  of("try", "Ask the channel whether it knows us").action(tryIt);
  of("disconnect", "Read and tell it no more").action(disconnect);
  of("tellings", "What a channel is told of its orders, newest first")
    .option("--state <state>", "waiting, told, dead, dropped")
    .option("--order <id>", "of one order")
    .action(tellings);
  of("send-again", "Tell a channel once more what it would not take")
    .argument("<telling>")
    .action((id: string, telling: string, options: AccessOptions) =>
      decide(`${pathOf(id)}/tellings/${encodeURIComponent(telling)}/send-again`, {}, options),
    );
  of("drop", "Do not tell a channel, for a reason")
    .argument("<telling>")
    .requiredOption("--reason <text>", "why")
    .action((id: string, telling: string, options: AccessOptions & { readonly reason: string }) =>
      decide(
        `${pathOf(id)}/tellings/${encodeURIComponent(telling)}/drop`,
        { reason: options.reason },
        options,
      ),
    );
  of("backfill", "Read the orders of a stretch of time once more")
    .requiredOption("--since <time>", "changed at the channel at or after, RFC 3339")
    .option("--until <time>", "and before (default: now)")
    .action(backfill);
  of("backfills", "Stretches of time that were read once more").action(backfills);
  of("listings", "What a channel offers, what of ours it is, and how much of it is shown")
    .option("--state <state>", "all, unmapped, waiting, refused")
    .action(listings);
  of("map", "Say which units of which SKUs a listing is")
    .requiredOption("--listing <sku>", "as the channel calls it")
    .requiredOption("--unit <sku=n>", "units of ours in it; may be repeated", eachOf)
    .action(map);
  of("compare", "Compare a channel's books with ours")
    .option("--days <n>", "how far back orders are looked at (default: 7)")
    .action(compare);
  of("comparisons", "When a channel's books were compared").action(comparisons);
  of("differences", "Where a channel's books and ours differ")
    .option("--state <state>", "repairing, raised, repaired, accepted")
    .action(differences);
  of("accept", "Leave a difference as it is, for a reason")
    .argument("<difference>")
    .requiredOption("--reason <text>", "why")
    .action((id: string, difference: string, options: AccessOptions & { readonly reason: string }) =>
      decide(
        `${pathOf(id)}/differences/${encodeURIComponent(difference)}/accept`,
        { reason: options.reason },
        options,
      ),
    );
}

function withAccount(command: Command): Command {
  return command
    .option("--value <setting=value>", "a value that is no secret; may be repeated", eachOf, [])
    .option("--secret-file <setting=file>", "a secret, from a file; may be repeated", eachOf, [])
    .option("--poll-seconds <n>", "between two looks for orders that changed (default: 60)")
    .option("--tells-orders <yes|no>", "whether it is told what becomes of orders (default: yes)")
    .option("--tells-stock <yes|no>", "whether it is told what may be sold (default: yes)")
    .option("--locations <list>", "whose stock is shown, with commas between them; all: every one")
    .option("--buffer-units <n>", "units of each listing that are kept back (default: 0)")
    .option("--buffer-percent <n>", "percent that are kept back; the larger of the two counts (default: 0)")
    .option("--most-shown <n>", "no more than so many are shown; all: as many as there are")
    .option("--compares-at <hour>", "hour of the UTC day in which books are compared; never: on demand")
    .option(
      "--runs-location <id>",
      "the location of ours that the vendor runs, as Amazon's warehouses; none: it runs none",
    )
    .option("--active <yes|no>", "whether it is read and told now (default: yes)")
    .option(
      "--read-from <time>",
      "from when on orders are read, of one that is connected anew (default: now)",
    )
    .option("--untried", "save it though the channel does not answer");
}

function pathOf(id: string): string {
  return `/v1/channels/${encodeURIComponent(id)}`;
}

async function status(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<ChannelConnectionView>>("/v1/channel-connections");
  const rows = items.map((one) => [
    one.channel,
    one.kind,
    one.active
      ? (one.problem?.code ?? ((one.shortfalls ?? []).length > 0 ? "works in part" : "works"))
      : "off",
    one.lookedAt ?? "never",
    one.waiting,
    one.dead,
    `${one.listings - one.unmapped}/${one.listings}`,
    one.differences,
  ]);
  printRows(
    items,
    rows,
    ["channel", "kind", "state", "read", "waiting", "dead", "mapped", "differences"],
    options,
  );
  if (options.json) return;
  for (const { channel, shortfalls } of items)
    for (const shortfall of shortfalls ?? [])
      print(`${channel}: ${paint("yellow", "not granted")}: ${shortfall}`);
}

function printRows(
  items: readonly unknown[],
  rows: readonly (readonly (string | number)[])[],
  head: readonly string[],
  { json }: AccessOptions,
): void {
  if (json) {
    for (const one of items) printJson(one);
    return;
  }
  const texts = rows.map((row) => row.map(String));
  print(texts.length === 0 ? "None." : table([head.map((one) => paint("dim", one)), ...texts]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<ChannelAccountDetail>(`${pathOf(id)}/account`), options);
}

async function connect(id: string, options: ConnectOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.put<ChannelAccountDetail>(`${pathOf(id)}/account`, await bodyOf(options)), options);
}

async function bodyOf(options: ConnectOptions): Promise<ConnectChannelBody> {
  const secrets = await Promise.all(
    pairs("--secret-file", options.secretFile).map(
      async ([name, file]) => [name, await contentOf(file)] as const,
    ),
  );
  // A value may hold a "=", its name never does.
  const plain = options.value.map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]);
  const values = Object.fromEntries([...plain, ...secrets]);
  const number = (option: string, text: string | undefined) =>
    text === undefined ? undefined : wholeNumber(option, text);
  const yes = (option: string, text: string | undefined) =>
    text === undefined ? undefined : yesOrNo(option, text);
  const body = {
    values: Object.keys(values).length === 0 ? undefined : values,
    pollSeconds: number("--poll-seconds", options.pollSeconds),
    tellsOrders: yes("--tells-orders", options.tellsOrders),
    tellsStock: yes("--tells-stock", options.tellsStock),
    active: yes("--active", options.active),
    bufferUnits: number("--buffer-units", options.bufferUnits),
    bufferPercent: number("--buffer-percent", options.bufferPercent),
    locations:
      options.locations === undefined
        ? undefined
        : options.locations === "all"
          ? null
          : options.locations.split(","),
    mostShown: options.mostShown === "all" ? null : number("--most-shown", options.mostShown),
    comparesAt: options.comparesAt === "never" ? null : number("--compares-at", options.comparesAt),
    runsLocation: options.runsLocation === "none" ? null : options.runsLocation,
    readFrom: options.readFrom,
    untried: options.untried,
  };
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined),
  ) as ConnectChannelBody;
}

async function contentOf(file: string): Promise<string> {
  const content = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserProblem(
      "file_unreadable",
      `--secret-file names ${file}, which cannot be read: ${reasonOf(cause)}.`,
      "Correct the path.",
      { cause, exitStatus: 2 },
    );
  });
  return content.trim();
}

function tell(account: ChannelAccountDetail, options: AccessOptions): void {
  if (options.json) {
    printJson(account);
    return;
  }
  const { state } = account;
  print(
    [
      `${paint("bold", account.channel)}: ${account.kind}`,
      table([
        ["  switched", account.active ? "on" : "off"],
        ["  looks", `every ${account.pollSeconds} seconds`],
        [
          "  told",
          [account.tellsOrders ? "orders" : "", account.tellsStock ? "stock" : ""].filter(Boolean).join(", "),
        ],
        ["  locations", account.locations?.join(", ") ?? "all"],
        ["  kept back", `${account.bufferUnits} units, ${account.bufferPercent} percent`],
        ["  shown at most", account.mostShown === null ? "all" : String(account.mostShown)],
        ["  runs", account.runsLocation ?? "no location of ours"],
        ["  compared", account.comparesAt === null ? "on demand" : `at ${account.comparesAt}:00 UTC`],
        ...Object.entries(account.values).map(([name, value]) => [`  ${name}`, value]),
        ...account.secrets.map((name) => [`  ${name}`, "set"]),
        ["  read to", state.readTo],
        ["  can be told of", state.tells?.join(", ") ?? "not known yet"],
        ["  problem", state.problem?.detail ?? "none"],
        ...(state.shortfalls ?? []).map((shortfall) => ["  not granted", shortfall]),
      ]),
    ].join("\n"),
  );
}

async function tryIt(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const tried = await rest.post<TriedView>(`${pathOf(id)}/account/try`, {});
  if (options.json) printJson(tried);
  else print(`${tried.works ? paint("green", "works") : paint("red", "does not work")}: ${tried.detail}`);
}

async function disconnect(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.delete<unknown>(`${pathOf(id)}/account`);
  if (options.json) printJson(answer);
  else print(`${id} is not connected any more.`);
}

async function tellings(
  id: string,
  options: AccessOptions & { readonly state?: string; readonly order?: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<ChannelTellingView>>(
    withQuery(`${pathOf(id)}/tellings`, { state: options.state, order: options.order }),
  );
  const rows = items.map((one) => [
    one.id,
    one.orderId,
    one.number === null ? one.kind : `${one.kind} ${one.number}`,
    one.state,
    one.attempts,
    one.problem ?? "",
  ]);
  printRows(items, rows, ["number", "order", "what", "state", "attempts", "problem"], options);
}

async function decide(path: string, body: object, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.post<unknown>(path, body);
  if (options.json) printJson(answer);
  else print("Done.");
}

async function backfill(
  id: string,
  options: AccessOptions & { readonly since: string; readonly until?: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { since, until } = options;
  const body = { since, ...(until === undefined ? {} : { until }) };
  const answer = await rest.post<{ readonly id: string }>(`${pathOf(id)}/backfills`, body);
  if (options.json) printJson(answer);
  else
    print(`Backfill ${answer.id} is under way; \`holdfast channels backfills ${id}\` shows how far it is.`);
}

async function backfills(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<BackfillView>>(`${pathOf(id)}/backfills`);
  const rows = items.map((one) => [
    one.id,
    one.since,
    one.until,
    one.orders,
    one.refused,
    one.problem ?? one.endedAt ?? "under way",
  ]);
  printRows(items, rows, ["number", "since", "until", "orders", "refused", "ended"], options);
}

async function listings(id: string, options: AccessOptions & { readonly state?: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<ChannelListingView>>(
    withQuery(`${pathOf(id)}/listings`, { state: options.state }),
  );
  const rows = items.map((one) => [
    one.channelSku,
    one.sku ?? "unmapped",
    one.wanted ?? "",
    one.told ?? "",
    one.orders,
    one.problem ?? one.title,
  ]);
  printRows(items, rows, ["listing", "is", "to show", "told", "orders wait", ""], options);
}

async function map(
  id: string,
  options: AccessOptions & { readonly listing: string; readonly unit: readonly string[] },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const components = (unitsByName("--unit", options.unit) ?? []).map(({ name, units }) => ({
    sku: name,
    quantity: units,
  }));
  const answer = await rest.post<{ readonly sku: string; readonly released: readonly string[] }>(
    `${pathOf(id)}/listings/map`,
    { channelSku: options.listing, components },
  );
  if (options.json) printJson(answer);
  else print(`${options.listing} is ${answer.sku}; ${answer.released.length} orders go on.`);
}

async function compare(id: string, options: AccessOptions & { readonly days?: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body = options.days === undefined ? {} : { days: wholeNumber("--days", options.days) };
  const answer = await rest.post<{ readonly id: string }>(`${pathOf(id)}/comparisons`, body);
  if (options.json) printJson(answer);
  else
    print(
      `Comparison ${answer.id} is under way; \`holdfast channels differences ${id}\` shows what it finds.`,
    );
}

async function comparisons(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<ComparisonView>>(`${pathOf(id)}/comparisons`);
  const rows = items.map((one) => [
    one.id,
    one.askedAt,
    one.problem ?? one.endedAt ?? "under way",
    one.orders,
    one.listings,
    one.differences,
  ]);
  printRows(items, rows, ["number", "asked", "ended", "orders", "listings", "differences"], options);
}

async function differences(id: string, options: AccessOptions & { readonly state?: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<DifferenceView>>(
    withQuery(`${pathOf(id)}/differences`, { state: options.state }),
  );
  const rows = items.map((one) => [
    one.id,
    one.kind,
    `${one.subject}${one.line === "" ? "" : ` ${one.line}`}`,
    one.ours,
    one.theirs,
    one.cause,
    one.state,
  ]);
  printRows(items, rows, ["number", "what", "of", "ours", "theirs", "cause", "state"], options);
}

function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}
