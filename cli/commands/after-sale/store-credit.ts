/** `holdfast store-credit`: what the company owes customers in goods. */
import type { Command } from "commander";
import type { Shape } from "../../../contract/shapes.ts";
import type {
  StoreCreditIssued,
  StoreCreditSummary,
  StoreCreditView,
} from "../../../contract/store-credit.ts";
import { minorText } from "../../../orders/refund.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { wholeNumber } from "../option-values.ts";

type IssueOptions = AccessOptions & {
  readonly email: string;
  readonly currency: string;
  readonly amountMinor: string;
  readonly bonusPercent?: string;
  readonly note?: string;
};

type ApplyOptions = AccessOptions & {
  readonly code?: string;
  readonly account?: string;
  readonly amountMinor?: string;
};

const PATH = "/v1/store-credit";

export function addStoreCreditCommand(program: Command): void {
  const command = program
    .command("store-credit")
    .summary("give and use store credit")
    .description(
      "Store credit: what the company owes customers in goods, in accounts of which each entry is kept. Amounts are in ISO 4217 " +
        "minor units: 1250 is 12.50 USD. The code of an account is told once, when credit is given.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast store-credit create --email ada@example.com --currency USD --amount-minor 1250 --note "Sorry"
  $ npx holdfast store-credit apply web-1001 --code ABCD-EFGH-JKLM-NPQR
  $ npx holdfast store-credit list ada@example.com`,
    );
  withAccess(command.command("list").description("List accounts, newest first"))
    .argument("[text]", "part of the holder, or the code's last letters")
    .action(list);
  withAccess(command.command("show").description("Show an account with its entries"))
    .argument("<id>", "id of the account")
    .action(show);
  withAccess(command.command("create").description("Give a customer store credit; its code is shown once"))
    .requiredOption("--email <address>", "the customer")
    .requiredOption("--currency <code>", "ISO 4217, such as USD")
    .requiredOption("--amount-minor <n>", "how much, in minor units")
    .option("--bonus-percent <n>", "so much more on top")
    .option("--note <text>", "why")
    .action(create);
  withAccess(command.command("withdraw").description("Take back what was given in error and is not spent"))
    .argument("<id>", "id of the account")
    .requiredOption("--amount-minor <n>", "how much, in minor units")
    .requiredOption("--note <text>", "why")
    .action(withdraw);
  withAccess(command.command("apply").description("Have an order paid with store credit"))
    .argument("<order>", "id of the order")
    .option("--code <code>", "the customer's code")
    .option("--account <id>", "the account, in the place of its code")
    .option("--amount-minor <n>", "how much (default: as much as the order costs)")
    .action(apply);
  withAccess(command.command("unapply").description("Have an order not paid with store credit after all"))
    .argument("<order>", "id of the order")
    .action(unapply);
}

const ofOrder = (orderId: string): string => `/v1/orders/${encodeURIComponent(orderId)}/store-credit`;

async function list(text: string | undefined, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const query = text === undefined ? "" : `?q=${encodeURIComponent(text)}`;
  const rows: string[][] = [];
  for await (const one of rest.all<StoreCreditSummary>(`${PATH}${query}`)) {
    if (options.json) printJson(one);
    else rows.push([one.id, one.holder, balanceOf(one), `…${one.codeEnd}`, one.createdAt.slice(0, 10)]);
  }
  if (options.json) return;
  const head = ["id", "holder", "balance", "code", "since"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No store credit." : table([head, ...rows], [2]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<StoreCreditView>(`${PATH}/${encodeURIComponent(id)}`), options);
}

async function create(options: IssueOptions): Promise<void> {
  const { email, currency, amountMinor, bonusPercent, note } = options;
  const rest = new RestClient(await findAccess(options));
  const issued = await rest.post<Shape<typeof StoreCreditIssued>>(PATH, {
    email,
    currency,
    amountMinor: wholeNumber("--amount-minor", amountMinor),
    ...(bonusPercent === undefined ? {} : { bonusPercent: wholeNumber("--bonus-percent", bonusPercent) }),
    ...(note === undefined ? {} : { note }),
  });
  tell(issued, options);
  if (!options.json) print(`  code  ${issued.code}\nIt is shown this once: pass it on to the customer.`);
}

async function withdraw(
  id: string,
  { amountMinor, note, ...options }: AccessOptions & { readonly amountMinor: string; readonly note: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body = { amountMinor: wholeNumber("--amount-minor", amountMinor), note };
  tell(await rest.post<StoreCreditView>(`${PATH}/${encodeURIComponent(id)}/withdraw`, body), options);
}

async function apply(
  orderId: string,
  { code, account, amountMinor, ...options }: ApplyOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.post<unknown>(ofOrder(orderId), {
    ...(code === undefined ? {} : { code }),
    ...(account === undefined ? {} : { accountId: account }),
    ...(amountMinor === undefined ? {} : { amountMinor: wholeNumber("--amount-minor", amountMinor) }),
  });
  if (options.json) printJson(answer);
  else print(`${orderId} is paid with store credit, as far as it goes.`);
}

async function unapply(orderId: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.delete<unknown>(ofOrder(orderId));
  if (options.json) printJson(answer);
  else print(`${orderId} is not paid with store credit.`);
}

const balanceOf = ({ balanceMinor, currency }: StoreCreditSummary): string =>
  `${minorText(balanceMinor, currency)} ${currency}`;

function tell(account: StoreCreditView, options: AccessOptions): void {
  if (options.json) {
    printJson(account);
    return;
  }
  const entries = account.entries.map((one) => [
    `  ${one.at.slice(0, 16).replace("T", " ")}`,
    one.kind,
    minorText(one.amountMinor, account.currency),
    one.orderId ?? "",
    one.note,
  ]);
  print(`${paint("bold", account.id)}  ${account.holder}  ${balanceOf(account)}`);
  if (entries.length > 0) print(table(entries, [2]));
}
