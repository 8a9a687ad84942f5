/**
 * Stock commands from outside. Each is checked by the schema of its type, and stamped with the edge's own
 * time (a sender's clock decides nothing, and certainly not when holds expire) and with its sender. How much of
 * a discrepancy a count may book by itself is set where it is run (`operations/stock/`); here it is nothing.
 */
import { Compile } from "typebox/compile";
import type { StockCommand } from "../../actors/commands.ts";
import { firstFault } from "../../contract/faults/first-fault.ts";
import { STOCK_COMMAND_SCHEMAS } from "../../contract/stock-commands.ts";
import { ApiError } from "./problem.ts";

const validators = new Map(
  Object.entries(STOCK_COMMAND_SCHEMAS).map(([type, schema]) => [type, Compile(schema)] as const),
);

/**
 * @param by who sends them; the movements show it with the cause
 * @throws ApiError `code` at the first command that is not valid; none of them has run then
 */
export function readStockCommands(
  commands: readonly unknown[],
  by: string,
  nowMs: number,
  code: "invalid_request" | "malformed_message",
): readonly StockCommand[] {
  return commands.map((command, at) => {
    const type = typeof command === "object" && command !== null && "type" in command ? command.type : null;
    const validator = typeof type === "string" ? validators.get(type) : undefined;
    if (validator === undefined) {
      const known = [...validators.keys()].join(", ");
      throw new ApiError(code, `commands/${at}/type must be one of: ${known}; for example "receive"`);
    }
    if (!validator.Check(command)) {
      throw new ApiError(code, `commands/${at}${firstFault(validator, command)}`);
    }
    const checked = command as StockCommand;
    const stamped = { ...checked, atMs: nowMs, cause: `${checked.cause} (${by})` };
    return stamped.type === "count" ? { ...stamped, threshold: 0 } : stamped;
  });
}
