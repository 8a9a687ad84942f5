import type { StockRow } from "../../../../contract/stock.ts";
import type { ClientMessage, ServerMessage } from "../../../../contract/stream.ts";
import { post } from "../../api/client.ts";

export type StockChange = {
  readonly kind: "receive" | "adjust";
  readonly quantity: number;
  readonly reason: string;
};

type StockCommand = Extract<ClientMessage, { type: "stock.execute" }>["commands"][number];
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
  const command: StockCommand =
    change.kind === "receive"
      ? { ...common, type: "receive", quantity: change.quantity, cause: change.reason }
      : {
          ...common,
          type: "adjust",
          delta: change.quantity,
          reason: change.reason,
          cause: "stock correction",
        };
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
