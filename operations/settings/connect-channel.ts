/**
 * A channel is connected to its vendor's API, its account is changed, or it is disconnected. Before values
 * are saved the channel is asked whether it knows us; what changes counts in every process.
 *
 * Secrets go in and never come out: what is kept of a change says that a secret was changed, not which.
 */
import type { SecretBox } from "../../config/secret-box.ts";
import { isSecret } from "../../config/vendor-settings.ts";
import type { ConnectChannelBody } from "../../contract/settings/channel-accounts.ts";
import type { ChannelDesk } from "../../ports/channel-desk.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { Tried } from "../../ports/vendor-desk.ts";
import { listLocations } from "../../store/catalog/catalog-views.ts";
import {
  type ChannelAccount,
  channelAccountSubject,
  channelThatRuns,
  locationRunBy,
  readChannelAccount,
  removeChannelAccount,
  replaceChannelSecrets,
  writeChannelAccount,
} from "../../store/channels/accounts.ts";
import { noteChannelShortfalls } from "../../store/channels/progress.ts";
import { hasOpenRequests } from "../../store/channels/provider-requests.ts";
import { readChannelRules } from "../../store/settings/channel-rules.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

export type ChannelTools = { readonly desk: ChannelDesk; readonly box: SecretBox };

type Keep = (replaced: Readonly<Record<string, string>>) => Promise<void>;

type Fields = Readonly<Record<string, unknown>>;

/** As a channel that is connected anew works. */
const USUAL: Omit<ChannelAccount, "channelId" | "kind" | "stockPool" | "channelActive"> = {
  active: true,
  pollSeconds: 60,
  tellsOrders: true,
  tellsStock: true,
  locations: null,
  bufferUnits: 0,
  bufferPercent: 0,
  mostShown: null,
  comparesAt: 3,
  runsLocation: null,
  plain: {},
  secrets: {},
};

export async function connectChannel(
  context: OperationContext,
  tools: ChannelTools,
  request: { readonly channelId: string; readonly body: ConnectChannelBody; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { channelId, body, by } = request;
  const { version = null, values, readFrom, untried, ...rules } = body;
  const channel = await readChannelRules(context.database, channelId);
  if (channel === undefined) return refuse("channel_not_found", `There is no channel "${channelId}".`);
  const { kind } = channel;
  if (!tools.desk.kinds.has(kind))
    return refuse("channel_has_no_api", `Channels of kind "${kind}" cannot be connected: they only send.`);
  // By being asked, a vendor may replace a token that is used up with that: the new one is what is saved.
  const replaced: Record<string, string> = {};
  const next = (now: ChannelAccount | null): ChannelAccount => {
    const given = parted(tools.desk, kind, values ?? {});
    const before = now ?? { ...USUAL, channelId, kind, stockPool: null, channelActive: true };
    return {
      ...before,
      ...definedOf(rules),
      plain: withoutEmpty({ ...before.plain, ...given.plain }),
      secrets: withoutEmpty({ ...before.secrets, ...given.secrets, ...replaced }),
    };
  };
  const seen = await readChannelAccount(context.database, tools.box, channelId);
  let shortfalls: readonly string[] | null = null;
  if (values !== undefined || seen === null) {
    const keep = async (given: Readonly<Record<string, string>>) => void Object.assign(replaced, given);
    const tried = await tryValues(tools.desk, kind, next(seen), untried === true, keep);
    if ("status" in tried) return tried;
    shortfalls = tried.shortfalls;
  }
  const unknown = await unknownLocation(context, rules.locations ?? null);
  if (unknown !== null) return unknown;
  const notRun =
    (await refusedToLeave(context, channelId, seen?.runsLocation ?? null, next(seen).runsLocation)) ??
    (await refusedToRun(context, tools.desk, next(seen)));
  if (notRun !== null) return notRun;
  const from = readFrom === undefined ? new Date(context.now()) : new Date(readFrom);
  let account: ChannelAccount | null = null;
  const changed = await changeSetting<Fields>(context, {
    subject: channelAccountSubject(channelId),
    version,
    by,
    read: async (client) => {
      const now = await readChannelAccount(client, tools.box, channelId);
      account = next(now);
      return now === null ? {} : fieldsOf(now, now, context.now());
    },
    next: (now) =>
      account === null ? now : fieldsOf(account, Object.keys(now).length === 0 ? null : seen, context.now()),
    write: async (client) => {
      if (account !== null) await writeChannelAccount(client, tools.box, account, from);
    },
  });
  // Also where nothing else has changed; what is lost here by a crash, the channel's worker asks for.
  if (changed.status !== "refused" && shortfalls !== null)
    await noteChannelShortfalls(context.database, channelId, shortfalls);
  return changed;
}

/** It is neither read nor told any more. What it was told stays to be seen. */
export async function disconnectChannel(
  context: OperationContext,
  { box }: ChannelTools,
  channelId: string,
  by: string,
): Promise<SettingChanged | Refusal> {
  const runs = await locationRunBy(context.database, channelId);
  const refusal = await refusedToLeave(context, channelId, runs, null);
  if (refusal !== null) return refusal;
  return changeSetting<Fields>(context, {
    subject: channelAccountSubject(channelId),
    version: null,
    by,
    read: async (client) =>
      (await readChannelAccount(client, box, channelId)) === null
        ? refuse("channel_not_connected", `The channel "${channelId}" is not connected.`)
        : { connected: true },
    next: () => ({ connected: false }),
    write: (client) => removeChannelAccount(client, channelId),
  });
}

/** @param values that are to be tried in the place of those that are set */
export async function tryChannel(
  context: OperationContext,
  { desk, box }: ChannelTools,
  channelId: string,
  values: Readonly<Record<string, string>>,
): Promise<({ readonly status: "done" } & Tried) | Refusal> {
  const channel = await readChannelRules(context.database, channelId);
  if (channel === undefined) return refuse("channel_not_found", `There is no channel "${channelId}".`);
  const { kind } = channel;
  if (!desk.kinds.has(kind))
    return refuse("channel_has_no_api", `Channels of kind "${kind}" cannot be connected: they only send.`);
  const account = await readChannelAccount(context.database, box, channelId);
  const all = withoutEmpty({ ...account?.plain, ...account?.secrets, ...values });
  const [first] = desk.problemsOf(kind, all);
  if (first !== undefined) return { status: "done", works: false, detail: `${first.name} ${first.problem}.` };
  const keep: Keep = async (replaced) => {
    // Of values that are only tried, whoever tries them keeps what comes of them.
    if (Object.keys(replaced).every((name) => values[name] === undefined))
      await inTransaction(context.database, (client) =>
        replaceChannelSecrets(client, box, channelId, replaced),
      );
  };
  const { works, detail, shortfalls } = await ask(desk, kind, all, keep);
  if (works && account !== null && Object.keys(values).length === 0)
    await noteChannelShortfalls(context.database, channelId, shortfalls);
  const said = [detail, ...shortfalls].map((text) => text.replace(/\.?$/, "."));
  return { status: "done", works, detail: shortfalls.length === 0 ? detail : said.join(" ") };
}

type Answered = Tried & { readonly shortfalls: readonly string[] };

/** @returns why they are not taken; or what the vendor has not granted, null where it was not asked */
async function tryValues(
  desk: ChannelDesk,
  kind: string,
  { plain, secrets }: ChannelAccount,
  isUntried: boolean,
  keep: Keep,
): Promise<Refusal | { readonly shortfalls: readonly string[] | null }> {
  const all = { ...plain, ...secrets };
  const problems = desk.problemsOf(kind, all);
  if (problems.length > 0)
    return refuse(
      "channel_account_invalid",
      problems.map(({ name, problem }) => `${name} ${problem}.`).join(" "),
    );
  if (isUntried) return { shortfalls: null };
  const { works, detail, shortfalls } = await ask(desk, kind, all, keep);
  return works
    ? { shortfalls }
    : refuse("channel_account_not_working", `${kind} was asked and did not let us in: ${detail}`);
}

async function ask(
  desk: ChannelDesk,
  kind: string,
  values: Readonly<Record<string, string>>,
  keep: Keep,
): Promise<Answered> {
  try {
    const connection = await desk.connect(kind, values, keep);
    const tried = await connection.tryConnection();
    const shortfalls = tried.works ? ((await connection.readShortfalls?.()) ?? []) : [];
    return { ...tried, shortfalls };
  } catch (error) {
    if (error instanceof ServiceFault) return { works: false, detail: error.message, shortfalls: [] };
    throw error;
  }
}

async function unknownLocation(
  { database }: OperationContext,
  locations: readonly string[] | null,
): Promise<Refusal | null> {
  if (locations === null) return null;
  const known = new Set((await listLocations(database, true)).items.map(({ id }) => id));
  const missing = locations.find((id) => !known.has(id));
  return missing === undefined ? null : refuse("location_not_found", `There is no location "${missing}".`);
}

/** What the vendor was asked to send would be followed by nobody. */
async function refusedToLeave(
  { database }: OperationContext,
  channelId: string,
  before: string | null,
  after: string | null,
): Promise<Refusal | null> {
  if (before === null || before === after || !(await hasOpenRequests(database, channelId))) return null;
  const detail = `The vendor of "${channelId}" still has orders to send from "${before}": wait for them, or cancel them.`;
  return refuse("requests_under_way", detail);
}

/** A location that the vendor is to run is ours, nobody else runs it, and the vendor keeps goods at all. */
async function refusedToRun(
  context: OperationContext,
  desk: ChannelDesk,
  { channelId, kind, runsLocation, plain, secrets }: ChannelAccount,
): Promise<Refusal | null> {
  if (runsLocation === null) return null;
  const unknown = await unknownLocation(context, [runsLocation]);
  if (unknown !== null) return unknown;
  const other = await channelThatRuns(context.database, runsLocation);
  if (other !== null && other !== channelId)
    return refuse(
      "location_run_already",
      `The location "${runsLocation}" is run by the account of the channel "${other}".`,
    );
  const { fulfillment } = await desk.connect(kind, { ...plain, ...secrets });
  if (fulfillment !== undefined) return null;
  const keeper = desk.keepsGoods.get(kind);
  const detail =
    keeper === undefined
      ? `Channels of kind "${kind}" keep no goods: leave runsLocation out.`
      : `${keeper.where} send for an account with ${keeper.needs ?? "access to them"}: set it, or leave runsLocation out.`;
  return refuse("channel_runs_no_location", detail);
}

/** Of a secret only that it is set, and when it became another one. */
function fieldsOf(account: ChannelAccount, before: ChannelAccount | null, nowMs: number): Fields {
  const { plain, secrets, channelId: _, kind: __, stockPool: ___, channelActive: ____, ...rules } = account;
  const at = new Date(nowMs).toISOString();
  return {
    ...rules,
    ...plain,
    ...Object.fromEntries(
      Object.entries(secrets).map(([name, value]) => [
        name,
        before?.secrets[name] === value ? "set" : `set ${at}`,
      ]),
    ),
  };
}

function parted(
  desk: ChannelDesk,
  kind: string,
  values: Readonly<Record<string, string>>,
): Pick<ChannelAccount, "plain" | "secrets"> {
  const declared = desk.kinds.get(kind) ?? [];
  const isHidden = (name: string): boolean => {
    const variable = declared.find((each) => each.name === name);
    // What the vendor does not know is refused later, and shown nowhere until then.
    return variable === undefined || isSecret(variable);
  };
  const entries = Object.entries(values);
  return {
    plain: Object.fromEntries(entries.filter(([name]) => !isHidden(name))),
    secrets: Object.fromEntries(entries.filter(([name]) => isHidden(name))),
  };
}

/** An empty value takes away what was set. */
function withoutEmpty(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

function definedOf<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
