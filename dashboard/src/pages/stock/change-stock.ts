import type { StockRow } from "../../../../contract/stock.ts";
import type { ClientMessage, ServerMessage } from "../../../../contract/stream.ts";
import { post } from "../../api/client.ts";

/** What can be done here, and the permission that each needs. */
export const STOCK_CHANGES = [
  { value: "receive", label: "Receive", needs: "stock.receive" },
  { value: "adjust", label: "Adjust", needs: "stock.adjust" },
  { value: "count", label: "Count", needs: "stock.count" },
] as const;

export type StockChange = {
  readonly kind: (typeof STOCK_CHANGES)[number]["value"];
  readonly quantity: number;
  readonly reason: string;
};

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
  position: StockRow,
  change: StockChange,
  commandId: string,
  atMs: number,
): Promise<Applied> {
  const common = { sku: position.sku, locationId: position.locationId, commandId, atMs };
  return sendCommand(commandOf(change, common), commandId);
}

/** Says yes or no to a count that waits. Whoever counted can only say no. */
export async function decideCount(position: StockRow, countId: string, approve: boolean): Promise<Applied> {
  const commandId = crypto.randomUUID();
  const command: StockCommand = {
    type: approve ? "approve-count" : "reject-count",
    sku: position.sku,
    locationId: position.locationId,
    commandId,
    atMs: Date.now(),
    countId,
    cause: approve ? "count approved" : "count rejected",
  };
  return sendCommand(command, commandId);
}

function commandOf(
  change: StockChange,
  common: Pick<AnyCommand, "sku" | "locationId" | "commandId" | "atMs">,
): StockCommand {
  const { kind, quantity, reason } = change;
  switch (kind) {
    case "receive":
      return { ...common, type: "receive", quantity, cause: reason };
    case "adjust":
      return { ...common, type: "adjust", delta: quantity, reason, cause: "stock correction" };
    case "count":
      return {
        ...common,
        type: "count",
        countId: common.commandId,
        counted: quantity,
        reason,
        cause: "cycle count",
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
