/** `holdfast webhook`: who is told what happens, what became of each message, and what is told once more. */
import type { Command } from "commander";
import type { WebhookEventTypeView } from "../../../contract/settings/webhook-events.ts";
import type {
  ChangeWebhookBody,
  CreateWebhookBody,
  IssuedWebhook,
  ReplayWebhookBody,
  WebhookDeliveryView,
  WebhookReplayView,
  WebhookSubscriptionView,
  WebhookTried,
} from "../../../contract/settings/webhooks.ts";
import type { Page } from "../../../contract/shapes.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { wholeNumber } from "../option-values.ts";

type SetOptions = AccessOptions & {
  readonly name?: string;
  readonly to?: string;
  readonly events?: string;
  readonly channel?: string;
  readonly locations?: string;
  readonly ordering?: string;
};

export function addWebhookCommand(program: Command): void {
  const command = program
    .command("webhook")
    .summary("tell others by webhook what happens")
    .description(
      "Webhooks out, as Standard Webhooks: signed, each message until it is taken or put aside. (Webhooks that " +
        "channels and vendors send are of `holdfast channel` and `holdfast account`.)",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast webhook create erp --to https://erp.example.com/holdfast --events "order.*,shipment.delivered"
  $ npx holdfast webhook create wms --to https://wms.example.com/stock --events "stock_position.*" --locations fc-reno --ordering key
  $ npx holdfast webhook events
  $ npx holdfast webhook test erp --type shipment.delivered
  $ npx holdfast webhook deliveries erp --state dead
  $ npx holdfast webhook replay erp msg_3f…
  $ npx holdfast webhook replay-range erp --from 2026-11-29T08:00:00Z --to 2026-11-29T12:00:00Z
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
  onWebhook("test", "Send a message of type webhook.test")
    .option("--type <type>", "an example of this type; `events` has them")
    .action(test);
  withAccess(command.command("events").description("List what can be told of, with what it means")).action(
    events,
  );
  onWebhook("deliveries", "What became of its messages, the last tried first")
    .option("--state <state>", "waiting, delivered, dead or again")
    .option("--about <id>", "of an order, a SKU, a place, a device, or one message, with each try")
    .option("--limit <n>", "so many at most", "100")
    .action(deliveries);
  onWebhook("replay", "Send a message once more, under its id")
    .argument("<message>", "id of the message; `deliveries` has it")
    .action(replay);
  onWebhook("replay-range", "Tell it once more what happened in a range of time, under the same ids")
    .requiredOption("--from <time>", "such as 2026-11-29T08:00:00Z")
    .requiredOption("--to <time>", "up to which, without it")
    .option("--events <list>", "only of these types or areas, with commas between them")
    .action(replayRange);
  onWebhook("replays", "Which ranges of time it was, or is, told once more").action(replays);
  onWebhook("cancel-replay", "End a replay that is running; what it has found is sent all the same")
    .argument("<replay>", "its number; `replays` has it")
    .action(cancelReplay);
  onWebhook("remove", "Tell it nothing any more").action(removeIt);
}

function withSettings(command: Command, isNew: boolean): Command {
  const named = command
    .option("--name <name>", "what people call it")
    .option("--events <list>", "types or areas with commas between them, such as shipment.*; all: everything")
    .option("--channel <id>", "only what is of this channel; all: of every one")
    .option("--locations <list>", "of what happens at a place only at these, with commas; all: everywhere")
    .option("--ordering <how>", "key: in order by order, SKU, place, device; none: each as soon as it can");
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
    stateOf(one),
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

async function test(
  id: string,
  { type, ...options }: AccessOptions & { readonly type?: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const tried = await rest.post<WebhookTried>(pathOf(id, "/test"), type === undefined ? {} : { type });
  if (options.json) printJson(tried);
  else
    print(
      tried.delivered
        ? `${paint("green", "taken")} with ${tried.httpStatus} after ${tried.ms} ms`
        : `not taken: ${tried.problem}`,
    );
  if (!tried.delivered) process.exitCode = 1;
}

async function events(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<WebhookEventTypeView>>("/v1/webhook-event-types");
  if (options.json) {
    for (const one of items) printJson(one);
    return;
  }
  const head = ["type", "version", "in order by", "meaning"].map((one) => paint("dim", one));
  print(table([head, ...items.map((one) => [one.type, String(one.version), one.subject, one.meaning])], [1]));
}

async function deliveries(
  id: string,
  options: AccessOptions & { readonly state?: string; readonly about?: string; readonly limit: string },
): Promise<void> {
  const most = wholeNumber("--limit", options.limit);
  const rest = new RestClient(await findAccess(options));
  const { state, about } = options;
  const asked = new URLSearchParams({
    ...(state === undefined ? {} : { state }),
    ...(about === undefined ? {} : { about }),
  });
  const query = asked.size === 0 ? "" : `?${asked}`;
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
        one.subject,
        one.lastTriedAt,
        one.problem ?? "",
      ]);
    if (about === undefined || options.json) continue;
    for (const { at, status, ms, answer, problem } of one.tries)
      rows.push(["", "", "", "", `${status ?? "none"} in ${ms} ms`, at, answer ?? problem ?? ""]);
  }
  if (options.json) return;
  const head = ["message", "state", "attempts", "type", "about", "last tried", "problem"];
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

async function replayRange(
  id: string,
  options: AccessOptions & { readonly from: string; readonly to: string; readonly events?: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { from, to } = options;
  const body: ReplayWebhookBody = {
    from,
    to,
    ...(options.events === undefined ? {} : { events: listOf(options.events) }),
  };
  const replay = await rest.post<WebhookReplayView>(pathOf(id, "/replays"), body);
  if (options.json) printJson(replay);
  else print(`Replay ${replay.id}: what happened from ${from} to ${to} is told once more.`);
}

async function replays(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const rows: string[][] = [];
  for await (const one of rest.all<WebhookReplayView>(pathOf(id, "/replays")))
    if (options.json) printJson(one);
    else rows.push([one.id, one.state, String(one.found), one.from, one.to, one.askedBy]);
  if (options.json) return;
  const head = ["replay", "state", "messages", "from", "to", "asked by"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "Nothing was told once more." : table([head, ...rows], [2]));
}

async function cancelReplay(id: string, replayId: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.delete<unknown>(pathOf(id, `/replays/${encodeURIComponent(replayId)}`));
  if (options.json) printJson(answer);
  else print(`Replay ${replayId} is ended.`);
}

async function removeIt(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.delete<unknown>(pathOf(id));
  if (options.json) printJson(answer);
  else print(`${id} is told nothing any more.`);
}

/** As the page says it. */
function stateOf({ active, pausedAt, attempts }: WebhookSubscriptionView): string {
  if (!active) return "off";
  if (pausedAt !== null) return paint("red", "paused");
  return attempts > 0 ? paint("yellow", `${attempts} tries failed`) : "on";
}

function listOf(text: string): string[] {
  return text.split(",").map((one) => one.trim());
}

function settingsOf(options: SetOptions): Omit<ChangeWebhookBody, "version"> {
  const { name, to, events, channel, locations, ordering } = options;
  if (ordering !== undefined && ordering !== "key" && ordering !== "none")
    throw new UserProblem("invalid_option", `--ordering is key or none, not ${ordering}.`, "Choose one.", {
      exitStatus: 2,
    });
  return {
    ...(ordering === undefined ? {} : { ordering }),
    ...(locations === undefined ? {} : { locations: locations === "all" ? null : listOf(locations) }),
    ...(name === undefined ? {} : { name }),
    ...(to === undefined ? {} : { url: to }),
    ...(events === undefined ? {} : { events: events === "all" ? null : listOf(events) }),
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
      ["  state", stateOf(webhook)],
      ["  told", webhook.events?.join(", ") ?? "everything"],
      ["  channel", webhook.channel ?? "all"],
      ["  places", webhook.locations?.join(", ") ?? "all"],
      ["  in order", webhook.ordering === "key" ? "by order, SKU, place, device" : "no"],
      ...(webhook.failingSince === null
        ? []
        : [["  takes nothing", `since ${webhook.failingSince}, again at ${webhook.dueAt ?? "once"}`]]),
      ["  waiting", String(webhook.waiting)],
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
