/** `holdfast channel`: channels are made, shown, changed, switched off, and get new webhook secrets. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { ChannelView } from "../../contract/catalog.ts";
import type {
  ChangeChannelBody,
  ChannelDetail,
  CreateChannelBody,
  IssuedChannel,
  RotateChannelSecretBody,
} from "../../contract/channels.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { wholeNumber, yesOrNo } from "./option-values.ts";

type RuleOptions = AccessOptions & {
  readonly name?: string;
  readonly chargedBy?: ChannelDetail["chargedBy"];
  readonly payOnDelivery?: string;
  readonly onShortage?: ChannelDetail["onShortage"];
  readonly allocation?: ChannelDetail["allocation"];
  readonly shopperChangesMinutes?: string;
  readonly stockPool?: string;
  readonly stockBuffer?: string;
};

type CreateOptions = RuleOptions & {
  readonly kind: string;
  readonly id: string;
  readonly secretFile?: string;
};

type RotateOptions = AccessOptions & { readonly overlapHours?: string; readonly secretFile?: string };

export function addChannelCommand(program: Command): void {
  const channel = program
    .command("channel")
    .summary("make channels, change them, switch them off")
    .description(
      "Makes and changes the channels that orders come from. What is changed counts at once, in every process; a webhook " +
        "secret is shown once.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast channel create --kind shopify --id shopify_eu --name "Shopify, Europe"
  $ npx holdfast channel create --kind woocommerce --id woo --secret-file ./woo-secret
  $ npx holdfast channel update shopify_eu --charged-by channel --on-shortage hold
  $ npx holdfast channel rotate-secret shopify_eu --overlap-hours 48
  $ npx holdfast channel disable shopify_eu`,
    );
  const onChannel = (name: string, description: string): Command =>
    withAccess(channel.command(name).description(description)).argument("<id>");
  withAccess(channel.command("list").description("List every channel")).action(list);
  onChannel("show", "Show a channel's rules, its webhooks' address and which secrets count").action(show);
  withRules(
    withAccess(channel.command("create").description("Make a channel; its webhook secret is shown once")),
  )
    .requiredOption(
      "--kind <kind>",
      "what its orders are written in: shopify, amazon, walmart, ebay, tiktok, woocommerce, bigcommerce, etsy, square, magento, ecwid, x12, edifact, files, holdfast",
    )
    .requiredOption("--id <id>", "its id, and the beginning of its orders' ids: a-z, 0-9 and _")
    .option(
      "--secret-file <file>",
      "webhook secret that the shop's platform has made (default: one is made here)",
    )
    .action(create);
  withRules(onChannel("update", "Change a channel; what is left out stays as it is")).action(update);
  onChannel("disable", "Switch a channel off: what it sends is refused, what is under way goes on").action(
    (id: string, options: AccessOptions) => enable(id, false, options),
  );
  onChannel("enable", "Switch a channel on again").action((id: string, options: AccessOptions) =>
    enable(id, true, options),
  );
  onChannel("rotate-secret", "Give a channel's webhooks another secret; the one before counts on for a while")
    .option("--overlap-hours <hours>", "how long the one before counts on; 0: not at all (default: 24)")
    .option("--secret-file <file>", "secret that the shop's platform has made (default: one is made here)")
    .action(rotate);
}

function withRules(command: Command): Command {
  return command
    .option("--name <name>", "what people call it")
    .option("--charged-by <who>", "who takes the money of its orders: channel, merchant, order")
    .option(
      "--pay-on-delivery <yes|no>",
      "whether an order that we charge may be paid at the door (default: no)",
    )
    .option("--on-shortage <what>", "an order that stock does not cover: hold, refuse")
    .option("--allocation <policy>", "what is reserved of it, such as all_or_nothing")
    .option("--shopper-changes-minutes <n>", "how long shoppers change their orders; 0: never")
    .option("--stock-pool <name>", "stock pool that its orders are reserved through; empty: everybody's")
    .option("--stock-buffer <units>", "units of each SKU that it is not told of; 0: it is told of all");
}

function pathOf(id: string, action = ""): string {
  return `/v1/channels/${encodeURIComponent(id)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<ChannelView>>("/v1/channels");
  if (options.json) {
    for (const channel of items) printJson(channel);
    return;
  }
  const rows = items.map((one) => [one.id, one.kind, one.active ? "on" : "off", one.onShortage, one.name]);
  const head = ["id", "kind", "switched", "shortage", "name"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No channels." : table([head, ...rows]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<ChannelDetail>(pathOf(id)), options);
}

async function create(options: CreateOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: CreateChannelBody = {
    id: options.id,
    kind: options.kind,
    ...rulesOf(options),
    ...(await secretOf(options)),
  };
  tellIssued("created", await rest.post<IssuedChannel>("/v1/channels", body), options);
}

async function update(id: string, options: RuleOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<ChannelDetail>(pathOf(id));
  const body: ChangeChannelBody = { version, ...rulesOf(options) };
  tell(await rest.patch<ChannelDetail>(pathOf(id), body), options);
}

async function enable(id: string, active: boolean, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const detail = await rest.post<ChannelDetail>(pathOf(id, active ? "/enable" : "/disable"), {});
  if (options.json) printJson(detail);
  else print(`${id} is switched ${detail.active ? "on" : "off"}.`);
}

async function rotate(id: string, options: RotateOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: RotateChannelSecretBody = {
    ...(options.overlapHours === undefined
      ? {}
      : { overlapHours: wholeNumber("--overlap-hours", options.overlapHours) }),
    ...(await secretOf(options)),
  };
  tellIssued("new secret for", await rest.post<IssuedChannel>(pathOf(id, "/rotate-secret"), body), options);
}

function rulesOf(options: RuleOptions): Omit<ChangeChannelBody, "version"> {
  const { name, chargedBy, payOnDelivery, onShortage, allocation, shopperChangesMinutes, stockPool } =
    options;
  const { stockBuffer } = options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(chargedBy === undefined ? {} : { chargedBy }),
    ...(payOnDelivery === undefined ? {} : { payOnDelivery: yesOrNo("--pay-on-delivery", payOnDelivery) }),
    ...(onShortage === undefined ? {} : { onShortage }),
    ...(allocation === undefined ? {} : { allocation }),
    ...(shopperChangesMinutes === undefined
      ? {}
      : { shopperChangesMinutes: wholeNumber("--shopper-changes-minutes", shopperChangesMinutes) }),
    ...(stockPool === undefined ? {} : { stockPool: stockPool === "" ? null : stockPool }),
    ...(stockBuffer === undefined ? {} : { stockBuffer: wholeNumber("--stock-buffer", stockBuffer) }),
  };
}

/** A secret on the command line would be seen by everybody on the machine. */
async function secretOf({
  secretFile,
}: {
  readonly secretFile?: string;
}): Promise<{ readonly secret?: string }> {
  if (secretFile === undefined) return {};
  const secret = await readFile(secretFile, "utf8").catch((cause: unknown) => {
    throw new UserProblem(
      "file_unreadable",
      `--secret-file names ${secretFile}, which cannot be read: ${reasonOf(cause)}.`,
      "Correct the path.",
      { cause, exitStatus: 2 },
    );
  });
  return { secret: secret.trim() };
}

function tell(detail: ChannelDetail, options: AccessOptions): void {
  if (options.json) printJson(detail);
  else print(describe(detail));
}

function describe(channel: ChannelDetail): string {
  const secrets = channel.webhook.secrets.map(({ issuedAt, countsUntil }) =>
    countsUntil === null ? `since ${issuedAt}` : `since ${issuedAt}, until ${countsUntil}`,
  );
  return [
    `${paint("bold", channel.id)}: ${channel.name}`,
    table([
      ["  kind", channel.kind],
      ["  switched", channel.active ? "on" : "off"],
      ["  charged by", channel.chargedBy],
      ["  at the door", channel.payOnDelivery ? "may be paid" : "is not paid"],
      ["  shortage", channel.onShortage],
      ["  reserved", channel.allocation],
      ["  shoppers change", `${channel.shopperChangesMinutes} minutes`],
      ["  stock pool", channel.stockPool ?? "everybody's"],
      ["  stock buffer", `${channel.stockBuffer} units`],
      ["  webhooks to", channel.webhook.url],
      ["  secrets", secrets.length === 0 ? "none" : secrets.join("; ")],
    ]),
  ].join("\n");
}

function tellIssued(what: string, answer: IssuedChannel, options: AccessOptions): void {
  if (options.json) {
    printJson(answer);
    return;
  }
  const { channel, secret } = answer;
  const lines = [`${paint("green", what)} ${channel.id}`, `webhooks to  ${channel.webhook.url}`];
  if (secret !== null)
    lines.push(`secret       ${secret}`, "It is shown this once: keep it where the channel signs.");
  print(lines.join("\n"));
}
