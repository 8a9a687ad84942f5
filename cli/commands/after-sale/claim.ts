/** `holdfast claim`: parcels that are lost, damaged or come back, decided and asked of carriers. */
import type { Command } from "commander";
import type { ClaimView } from "../../../contract/claims.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { eachOf, pairs, unitsByName, wholeNumber } from "../option-values.ts";

type OpenOptions = AccessOptions & {
  readonly shipment: string;
  readonly kind: string;
  readonly line: readonly string[];
  readonly note?: string;
};

type ListOptions = AccessOptions & { readonly status?: string; readonly carrierStatus?: string };

export function addClaimCommand(program: Command): void {
  const command = program
    .command("claim")
    .summary("decide about parcels that are lost, damaged or come back")
    .description(
      "Claims about parcels: opened, taken in where the parcel came back, paid back or sent again, and asked of the carrier.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast claim create web-1001 --shipment web-1001-F1-S1 --kind lost
  $ npx holdfast claim refund web-1001-C1
  $ npx holdfast claim carrier web-1001-C1 --status filed --reference 4711
  $ npx holdfast claim list --carrier-status to_file`,
    );
  const onClaim = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description)).argument("<id>", "id of the claim");
  withAccess(command.command("list").description("List claims, newest first"))
    .option("--status <status>", "open, received, refunded, reshipped or rejected")
    .option("--carrier-status <status>", "none, to_file, filed, paid or refused")
    .action(list);
  onClaim("show", "Show a claim").action(show);
  withAccess(command.command("create").description("Open a claim about a parcel of an order"))
    .argument("<order>", "id of the order")
    .requiredOption("--shipment <id>", "the parcel; `order show --json` has it")
    .requiredOption("--kind <kind>", "lost, damaged or return_to_sender")
    .option("--line <line=units>", "only so many units of a line; may be repeated", eachOf, [])
    .option("--note <text>", "what is known")
    .action(create);
  onClaim("receive", "The parcel that came back is at the dock")
    .option("--line <line=restocked/damaged>", "units of a line, such as 1=2/0; may be repeated", eachOf, [])
    .action(receive);
  onClaim("refund", "Pay the goods back")
    .option("--amount-minor <n>", "how much, in minor units (default: what the units are worth)")
    .action((id: string, { amountMinor, ...options }: AccessOptions & { readonly amountMinor?: string }) => {
      const amount =
        amountMinor === undefined ? {} : { amountMinor: wholeNumber("--amount-minor", amountMinor) };
      return act(id, "/approve", { resolution: "refund", ...amount }, options);
    });
  onClaim("reship", "Send the goods again").action((id: string, options: AccessOptions) =>
    act(id, "/approve", { resolution: "reship" }, options),
  );
  onClaim("reject", "Reject a claim")
    .requiredOption("--note <text>", "why")
    .action((id: string, { note, ...options }: AccessOptions & { readonly note: string }) =>
      act(id, "/reject", { note }, options),
    );
  onClaim("carrier", "Say how far the claim against the carrier is")
    .requiredOption("--status <status>", "none, to_file, filed, paid or refused")
    .option("--reference <text>", "what the carrier calls it")
    .option("--paid-minor <n>", "what the carrier has paid, in minor units")
    .action(carrier);
}

function pathOf(id: string, action = ""): string {
  return `/v1/claims/${encodeURIComponent(id)}${action}`;
}

async function list(options: ListOptions): Promise<void> {
  const { status, carrierStatus } = options;
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams({
    ...(status === undefined ? {} : { status }),
    ...(carrierStatus === undefined ? {} : { carrierStatus }),
  });
  const rows: string[][] = [];
  for await (const one of rest.all<ClaimView>(`/v1/claims?${query}`)) {
    if (options.json) printJson(one);
    else
      rows.push([
        one.id,
        one.orderId,
        one.kind,
        one.status,
        one.carrierStatus,
        one.carrier,
        one.trackingNumber,
      ]);
  }
  if (options.json) return;
  const head = ["id", "order", "kind", "status", "at the carrier", "carrier", "parcel"];
  print(rows.length === 0 ? "No claims." : table([head.map((one) => paint("dim", one)), ...rows]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<ClaimView>(pathOf(id)), options);
}

async function create(orderId: string, options: OpenOptions): Promise<void> {
  const { shipment, kind, line, note } = options;
  const lines = unitsByName("--line", line)?.map(({ name, units }) => ({ lineId: name, quantity: units }));
  const rest = new RestClient(await findAccess(options));
  const claim = await rest.post<ClaimView>(`/v1/orders/${encodeURIComponent(orderId)}/claims`, {
    shipmentId: shipment,
    kind,
    ...(lines === undefined ? {} : { lines }),
    ...(note === undefined ? {} : { note }),
  });
  tell(claim, options);
}

function receive(id: string, { line, ...options }: AccessOptions & { readonly line: readonly string[] }) {
  const lines = pairs("--line", line).map(([lineId, units]) => {
    const [, restocked, damaged] = /^(\d{1,6})\/(\d{1,6})$/.exec(units) ?? [];
    if (restocked === undefined || damaged === undefined)
      throw new UserProblem(
        "invalid_argument",
        `--line ${lineId}=${units} says no units to sell again and damaged ones, such as 2/0.`,
        "Correct the command line; --help has an example.",
        { exitStatus: 2 },
      );
    return { lineId, restocked: Number(restocked), damaged: Number(damaged) };
  });
  return act(id, "/receive", lines.length === 0 ? {} : { lines }, options);
}

function carrier(
  id: string,
  {
    status,
    reference,
    paidMinor,
    ...options
  }: AccessOptions & { readonly status: string; readonly reference?: string; readonly paidMinor?: string },
): Promise<void> {
  const paid = paidMinor === undefined ? {} : { paidMinor: wholeNumber("--paid-minor", paidMinor) };
  return act(id, "/carrier", { status, ...(reference === undefined ? {} : { reference }), ...paid }, options);
}

async function act(id: string, action: string, body: unknown, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.post<ClaimView>(pathOf(id, action), body), options);
}

function tell(claim: ClaimView, options: AccessOptions): void {
  if (options.json) {
    printJson(claim);
    return;
  }
  print(
    [
      `${paint("bold", claim.id)}  order ${claim.orderNumber}  ${claim.kind}, ${claim.status}`,
      `  parcel ${claim.carrier} ${claim.trackingNumber}, at the carrier: ${claim.carrierStatus}`,
      ...(claim.decision === "" ? [] : [`  ${claim.decision}`]),
      table(claim.lines.map((one) => [`  ${one.lineId}`, one.sku, `${one.quantity}`, one.title])),
    ].join("\n"),
  );
}
