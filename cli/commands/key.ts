/** `holdfast key`: API keys of connectors and integrators. */
import type { Command } from "commander";
import type { ApiScope, CreateKeyBody, IssuedKey, KeyView, RotateKeyBody } from "../../contract/keys.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type CreateOptions = AccessOptions & {
  readonly scope: readonly ApiScope[];
  readonly channel?: string;
  readonly expires?: string;
};
type RotateOptions = AccessOptions & { readonly overlap?: string };

const MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 24 * 60 };

/** Named again, see `cli/program.test.ts`. */
const SCOPES: Readonly<Record<ApiScope, true>> = {
  "orders:write": true,
  "orders:read": true,
  "stock:read": true,
  "stock:write": true,
  "returns:write": true,
  "refunds:write": true,
  admin: true,
};

export function addKeyCommand(program: Command): void {
  const key = program
    .command("key")
    .summary("make API keys, give them new secrets, disable them")
    .description("Makes and ends API keys. A secret is shown once. What is changed counts at once.")
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast key create "web shop" --scope orders:write orders:read --channel web --expires 365d
  $ npx holdfast key rotate 4f1d09c2a7b3 --overlap 7d
  $ npx holdfast key disable 4f1d09c2a7b3`,
    );
  const onKey = (name: string, description: string): Command =>
    withAccess(key.command(name).description(description)).argument("<id>");
  withAccess(key.command("list").description("List the keys of the company")).action(list);
  onKey("show", "Show a key, without its secret").action(show);
  withAccess(key.command("create").description("Make a key; its secret is shown once"))
    .argument("<name>", "what it is for")
    .requiredOption("--scope <scopes...>", `what it may do: ${Object.keys(SCOPES).join(", ")}`)
    .option("--channel <id>", "the only channel that it sends orders for (default: every channel)")
    .option("--expires <when>", "after such as 90d or 12h, or at a time in ISO 8601 (default: never)")
    .action(create);
  onKey("rotate", "Make a new secret; the one before counts on for a while")
    .option("--overlap <time>", "how long: 30m, 24h or 7d; 0m: not at all (default: 24h)")
    .action(rotate);
  onKey("disable", "Disable a key for good").action(disable);
}

function pathOf(id: string, action = ""): string {
  return `/v1/keys/${encodeURIComponent(id)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const { items } = await new RestClient(await findAccess(options)).get<Page<KeyView>>("/v1/keys");
  if (options.json) {
    for (const key of items) printJson(key);
    return;
  }
  const rows = items.map((one) => [
    one.id,
    one.name,
    one.scopes.join(" "),
    one.channel ?? "",
    one.state,
    one.expiresAt ?? "",
    one.lastUsedAt ?? "",
  ]);
  const head = ["id", "name", "scopes", "channel", "state", "expires", "used"];
  print(rows.length === 0 ? "No keys." : table([head.map((one) => paint("dim", one)), ...rows]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  tell(await new RestClient(await findAccess(options)).get<KeyView>(pathOf(id)), options);
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { channel, expires, scope } = options;
  const body: CreateKeyBody = {
    name,
    scopes: scope,
    ...(channel === undefined ? {} : { channel }),
    ...(expires === undefined ? {} : { expiresAt: timeOf(expires) }),
  };
  tellSecret(await new RestClient(await findAccess(options)).post<IssuedKey>("/v1/keys", body), options);
}

async function rotate(id: string, options: RotateOptions): Promise<void> {
  const { overlap } = options;
  const body: RotateKeyBody =
    overlap === undefined ? {} : { overlapMinutes: minutesOf(overlap, "--overlap") };
  const rest = new RestClient(await findAccess(options));
  tellSecret(await rest.post<IssuedKey>(pathOf(id, "/rotate"), body), options);
}

async function disable(id: string, options: AccessOptions): Promise<void> {
  tell(await new RestClient(await findAccess(options)).post<KeyView>(pathOf(id, "/disable"), {}), options);
}

/** `90d` from now, or the time itself. */
function timeOf(text: string): string {
  if (/^\d+[mhd]$/.test(text))
    return new Date(Date.now() + minutesOf(text, "--expires") * 60_000).toISOString();
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw wrongTime("--expires", text);
}

function minutesOf(text: string, flag: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw wrongTime(flag, text);
  return Number(count) * (MINUTES[unit] ?? 1);
}

function wrongTime(flag: string, text: string): UserProblem {
  return new UserProblem("invalid_argument", `${flag} is no time: ${text}`, "Examples: 30m, 24h, 90d.", {
    exitStatus: 2,
  });
}

function tell(key: KeyView, options: AccessOptions): void {
  if (options.json) printJson(key);
  else print(describe(key));
}

function tellSecret({ key, secret }: IssuedKey, options: AccessOptions): void {
  if (options.json) {
    printJson({ key, secret });
    return;
  }
  const lines = [describe(key)];
  if (secret !== null) lines.push(`secret  ${secret}`, "It is shown this once: nothing keeps it.");
  print(lines.join("\n"));
}

function describe(key: KeyView): string {
  const { previous } = key;
  return [
    `${paint("bold", key.name)} ${paint("dim", key.id)}`,
    table([
      ["  state", key.state],
      ["  scopes", key.scopes.join(" ")],
      ["  channel", key.channel ?? "every channel"],
      ["  expires", key.expiresAt ?? "never"],
      ["  used", key.lastUsedAt ?? "never"],
      ...(previous === null
        ? []
        : [["  old secret", `until ${previous.countsUntil}, used ${previous.lastUsedAt ?? "never since"}`]]),
    ]),
  ].join("\n");
}
