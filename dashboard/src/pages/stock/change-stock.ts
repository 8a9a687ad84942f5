import type { StockRow } from "../../../../contract/stock.ts";
import type { ClientMessage, ServerMessage } from "../../../../contract/stream.ts";
import { post } from "../../api/client.ts";
import { session } from "../../api/session.ts";

/** What can be done here, and the permission that each needs. */
export const STOCK_CHANGES = [
  { value: "receive", label: "Receive", needs: "stock.receive" },
  { value: "adjust", label: "Adjust", needs: "stock.adjust" },
  { value: "count", label: "Count", needs: "stock.count" },
  { value: "transfer", label: "Transfer", needs: "stock.transfer" },
  { value: "quarantine", label: "Quarantine", needs: "stock.quarantine" },
  { value: "free", label: "Free again", needs: "stock.quarantine" },
  { value: "safety", label: "Safety stock", needs: "stock.safety-stock" },
] as const;

export type StockChange = {
  readonly kind: (typeof STOCK_CHANGES)[number]["value"];
  readonly quantity: number;
  readonly reason: string;
  /** Of a transfer: where to, and when it should be there. */
  readonly to?: { readonly locationId: string; readonly dueAtMs: number };
  /** Of what is received: the delivery that was announced. */
  readonly reference?: string;
};

type Address = Pick<StockRow, "sku" | "locationId">;

type AnyCommand = Extract<ClientMessage, { type: "stock.execute" }>["commands"][number];
/** How much of a difference needs approval is the gateway's to say. */
type StockCommand = AnyCommand extends infer Each
  ? Each extends { readonly threshold: number }
    ? Omit<Each, "threshold">
    : Each
  : never;
type StockOutcome = Extract<ServerMessage, { type: "stock.executed" }>["outcomes"][number];
type Applied = Extract<StockOutcome, { status: "applied" }>["position"];

/**
 * Sends one stock command.
 *
 * @param commandId the same for every attempt of one form, as is `atMs`: the position answers a repeat with
 *   the first outcome, and refuses the same id with another body.
 * @returns the position afterwards. Throws an Error with the position's own sentence where it refuses.
 */
export async function changeStock(
  position: Address,
  change: StockChange,
  commandId: string,
  atMs: number,
): Promise<Applied> {
  const common = { sku: position.sku, locationId: position.locationId, commandId, atMs };
  return sendCommand(commandOf(change, common), commandId);
}

/** Says yes or no to a count that waits. Whoever counted can only say no. */
export async function decideCount(position: Address, countId: string, approve: boolean): Promise<Applied> {
  const commandId = crypto.randomUUID();
  const command: StockCommand = {
    type: approve ? "approve-count" : "reject-count",
    sku: position.sku,
    locationId: position.locationId,
    commandId,
    atMs: Date.now(),
    countId,
    cause: `${approve ? "count approved" : "count rejected"} by ${session.value?.name ?? ""}`,
  };
  return sendCommand(command, commandId);
}

/**
 * Takes in what came of a transfer.
 *
 * @param isAll nothing more of it comes: what is missing is booked as a discrepancy
 */
export async function receiveTransfer(
  position: Address,
  arrived: { readonly transferId: string; readonly quantity: number; readonly isAll: boolean },
  commandId: string,
  atMs: number,
): Promise<Applied> {
  const { transferId, quantity, isAll } = arrived;
  const { sku, locationId } = position;
  const command: StockCommand = {
    type: "transfer-in",
    sku,
    locationId,
    commandId,
    atMs,
    transferId,
    quantity,
    close: isAll,
    cause: `transfer ${transferId} arrived`,
  };
  return sendCommand(command, commandId);
}

/** How a count of who is signed in is explained, so that the page says by name whose count waits. */
function countedBy(): string {
  return `counted by ${session.value?.name ?? ""}`;
}

function commandOf(
  change: StockChange,
  common: Pick<AnyCommand, "sku" | "locationId" | "commandId" | "atMs">,
): StockCommand {
  const { kind, quantity, reason, to, reference } = change;
  switch (kind) {
    case "receive":
      return {
        ...common,
        type: "receive",
        quantity,
        cause: reason,
        ...(reference === undefined ? {} : { reference }),
      };
    case "transfer":
      if (to === undefined) throw new Error("Say where the units go.");
      return {
        ...common,
        type: "transfer-out",
        transferId: common.commandId,
        toLocationId: to.locationId,
        dueAtMs: to.dueAtMs,
        quantity,
        cause: reason,
      };
    case "quarantine":
      return { ...common, type: "quarantine", quantity, reason, cause: "set apart" };
    case "free":
      return { ...common, type: "release-quarantine", quantity, reason, cause: "free again" };
    case "safety":
      return { ...common, type: "set-safety-stock", quantity, cause: reason };
    case "adjust":
      return { ...common, type: "adjust", delta: quantity, reason, cause: "stock correction" };
    case "count":
      return {
        ...common,
        type: "count",
        countId: common.commandId,
        counted: quantity,
        reason,
        cause: countedBy(),
      };
    default: {
      const unreachable: never = kind;
      return unreachable;
    }
  }
}

async function sendCommand(command: StockCommand, commandId: string): Promise<Applied> {
  const { outcomes } = await post<{ readonly outcomes: readonly StockOutcome[] }>(
    "/stock/commands",
    { commands: [command] },
    commandId,
  );
  const outcome = outcomes[0];
  if (outcome === undefined)
    throw new Error("The server gave no outcome. Look at the position before trying again.");
  if (outcome.status === "refused") throw new Error(outcome.detail);
  return outcome.position;
}
