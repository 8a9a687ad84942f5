/** Somebody has mended what a step of a return was refused for: the saga tries it again. */
import { recordEntry } from "../../store/orders/timeline.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";
import { withReturn } from "./with-return.ts";

export async function retryReturn(
  context: OperationContext,
  { returnId, by }: { readonly returnId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  return withReturn(context, returnId, async ({ client, returned }) => {
    const key = `return-retried:${returnId}:${context.now()}`;
    await recordEntry(client, {
      orderId: returned.orderId,
      key,
      type: "return.retried",
      summary: `Return ${returnId} is tried again.`,
      cause: by,
      data: { returnId },
    });
    await tellReturnSaga(client, returned, { key, type: "retry" });
    return { status: "done" };
  });
}
