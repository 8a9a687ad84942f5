import type { StockLimitsBody } from "../../contract/settings.ts";
import {
  readStockLimits,
  STOCK_LIMITS_SUBJECT,
  writeStockLimits,
} from "../../store/settings/stock-limits.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Sets how far one person alone may correct stock: for the next command, in every process. */
export async function changeStockLimits(
  context: OperationContext,
  { version, approvalUnits }: StockLimitsBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting(context, {
    subject: STOCK_LIMITS_SUBJECT,
    version,
    by,
    read: readStockLimits,
    next: () => ({ approvalUnits }),
    write: writeStockLimits,
  });
}
