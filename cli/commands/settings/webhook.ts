/** `holdfast webhook`: who is told what happens to orders, and what became of each message. */
import type { Command } from "commander";
import type {
  ChangeWebhookBody,
  CreateWebhookBody,
  IssuedWebhook,
  WebhookDeliveryView,
  WebhookSubscriptionView,
  WebhookTried,
} from "../../../contract/settings/webhooks.ts";
import type { Page } from "../../../contract/shapes.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { wholeNumber } from "../option-values.ts";

type SetOptions = AccessOptions & {
  readonly name?: string;
  readonly to?: string;
  readonly events?: string;
  readonly channel?: string;
};

export function addWebhookCommand(program: Command): void {
  const command = program
    .command("webhook")
    .summary("tell others by webhook what happens to orders")
    .description(
      "Webhooks out, as Standard Webhooks: signed, in order, each message until it is taken or put aside. (Webhooks that " +
        "channels and vendors send are of `holdfast channel` and `holdfast account`.)",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast webhook create erp --to https://erp.example.com/holdfast --events "order.*,shipment.delivered"
  $ npx holdfast webhook test erp
  $ npx holdfast webhook deliveries erp --state dead
  $ npx holdfast webhook replay erp msg_3f…
  $ npx holdfast webhook rotate-secret erp --overlap-hours 48`,
    );
  const onWebhook = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description)).argument("<id>");
  withAccess(command.command("list").description("List who is told, and how far")).action(list);
  onWebhook("show", "Show who is told what, and how far").action(show);
  withSettings(
    onWebhook("create", "Tell an address what happens from now on; its secret is shown once"),
    true,
  ).action(create);
  withSettings(onWebhook("update", "Change one; what is left out stays as it is"), false).action(update);
  onWebhook("disable", "Tell it nothing for now; it is told later what happened meanwhile").action(
    (id: string, options: AccessOptions) => change(id, { active: false }, options),
  );
  onWebhook("enable", "Tell it again").action((id: string, options: AccessOptions) =>
    change(id, { active: true }, options),
  );
  onWebhook("rotate-secret", "Sign with another secret; the one before signs beside it for a while")
    .option("--overlap-hours <hours>", "how long; 0: not at all (default: 24)")
    .action(rotate);
  onWebhook("test", "Send a message of type webhook.test").action(test);
  onWebhook("deliveries", "What became of its messages, the last tried first")
    .option("--state <state>", "waiting, delivered, dead or again")
    .option("--limit <n>", "so many at most", "100")
    .action(deliveries);
  onWebhook("replay", "Send a message once more, under its id")
    .argument("<message>", "id of the message; `deliveries` has it")
    .action(replay);
  onWebhook("remove", "Tell it nothing any more").action(removeIt);
}

function withSettings(command: Command, isNew: boolean): Command {
  const named = command
    .option("--name <name>", "what people call it")
    .option("--events <list>", "types or areas with commas between them, such as shipment.*; all: everything")
    .option("--channel <id>", "only orders of this channel; all: of every one");
  return isNew
    ? named.requiredOption("--to <address>", "where it is told")
    : named.option("--to <address>", "where it is told");
}

function pathOf(id: string, action = ""): string {
  return `/v1/webhook-subscriptions/${encodeURIComponent(id)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<WebhookSubscriptionView>>("/v1/webhook-subscriptions");
  if (options.json) {
    for (const one of items) printJson(one);
    return;
  }
  const rows = items.map((one) => [
    one.id,
    one.active ? (one.attempts > 0 ? paint("yellow", `attempt ${one.attempts} failed`) : "on") : "off",
    one.events?.join(", ") ?? "everything",
    one.channel ?? "",
    String(one.dead),
    one.url,
  ]);
  const head = ["id", "state", "told", "channel", "put aside", "address"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "Nobody is told." : table([head, ...rows], [4]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<WebhookSubscriptionView>(pathOf(id)), options);
}

async function create(id: string, options: SetOptions & { readonly to: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: CreateWebhookBody = { id, ...settingsOf(options), url: options.to };
  tellIssued(await rest.post<IssuedWebhook>("/v1/webhook-subscriptions", body), options);
}

function update(id: string, options: SetOptions): Promise<void> {
  return change(id, settingsOf(options), options);
}

async function change(
  id: string,
  given: Omit<ChangeWebhookBody, "version">,
  options: AccessOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<WebhookSubscriptionView>(pathOf(id));
  tell(await rest.patch<WebhookSubscriptionView>(pathOf(id), { version, ...given }), options);
}

async function rotate(
  id: string,
  options: AccessOptions & { readonly overlapHours?: string },
): Promise<void> {
  const { overlapHours } = options;
  const rest = new RestClient(await findAccess(options));
  const body =
    overlapHours === undefined ? {} : { overlapHours: wholeNumber("--overlap-hours", overlapHours) };
  tellIssued(await rest.post<IssuedWebhook>(pathOf(id, "/rotate-secret"), body), options);
}

async function test(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const tried = await rest.post<WebhookTried>(pathOf(id, "/test"), {});
  if (options.json) printJson(tried);
  else
    print(
      tried.delivered ? `${paint("green", "taken")} with ${tried.httpStatus}` : `not taken: ${tried.problem}`,
    );
  if (!tried.delivered) process.exitCode = 1;
}

async function deliveries(
  id: string,
  options: AccessOptions & { readonly state?: string; readonly limit: string },
): Promise<void> {
  const most = wholeNumber("--limit", options.limit);
  const rest = new RestClient(await findAccess(options));
  const query = options.state === undefined ? "" : `?state=${encodeURIComponent(options.state)}`;
  const rows: string[][] = [];
  let shown = 0;
  for await (const one of rest.all<WebhookDeliveryView>(`${pathOf(id, "/deliveries")}${query}`)) {
    if (shown === most) break;
    shown += 1;
    if (options.json) printJson(one);
    else
      rows.push([
        one.messageId,
        one.state,
        String(one.attempts),
        one.type,
        one.orderId,
        one.lastTriedAt,
        one.problem ?? "",
      ]);
  }
  if (options.json) return;
  const head = ["message", "state", "attempts", "type", "order", "last tried", "problem"];
  print(rows.length === 0 ? "No messages." : table([head.map((one) => paint("dim", one)), ...rows], [2]));
}

async function replay(id: string, messageId: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.post<unknown>(
    pathOf(id, `/deliveries/${encodeURIComponent(messageId)}/replay`),
    {},
  );
  if (options.json) printJson(answer);
  else print(`${messageId} is sent once more.`);
}

async function removeIt(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.delete<unknown>(pathOf(id));
  if (options.json) printJson(answer);
  else print(`${id} is told nothing any more.`);
}

function settingsOf({ name, to, events, channel }: SetOptions): Omit<ChangeWebhookBody, "version"> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(to === undefined ? {} : { url: to }),
    ...(events === undefined
      ? {}
      : { events: events === "all" ? null : events.split(",").map((one) => one.trim()) }),
    ...(channel === undefined ? {} : { channel: channel === "all" ? null : channel }),
  };
}

function tell(webhook: WebhookSubscriptionView, options: AccessOptions): void {
  if (options.json) printJson(webhook);
  else print(describe(webhook));
}

function describe(webhook: WebhookSubscriptionView): string {
  return [
    `${paint("bold", webhook.id)}: ${webhook.name}`,
    table([
      ["  address", webhook.url],
      ["  switched", webhook.active ? "on" : "off"],
      ["  told", webhook.events?.join(", ") ?? "everything"],
      ["  channel", webhook.channel ?? "all"],
      [
        "  next message",
        webhook.attempts === 0
          ? "not tried yet"
          : `attempt ${webhook.attempts} failed, again at ${webhook.dueAt ?? "once"}`,
      ],
      ["  put aside", String(webhook.dead)],
      ...(webhook.formerSecretCountsUntil === null
        ? []
        : [["  former secret", `signs until ${webhook.formerSecretCountsUntil}`]]),
    ]),
  ].join("\n");
}

function tellIssued({ webhook, secret }: IssuedWebhook, options: AccessOptions): void {
  if (options.json) {
    printJson({ webhook, secret });
    return;
  }
  print(describe(webhook));
  if (secret !== null)
    print(`  secret  ${secret}\nIt is shown this once: the receiver checks signatures with it.`);
}
