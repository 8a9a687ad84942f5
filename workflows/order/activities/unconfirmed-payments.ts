/**
 * What becomes of authorisations that wait for their shopper's confirmation, before money is authorised anew
 * or the order is undone: one that was confirmed counts, and any other is ended at the provider, so that
 * nobody confirms it later beside the one that counts.
 *
 * A crash between the provider's answer and its record repeats both: ending a payment twice does nothing.
 */
import {
  confirmAuthorization,
  endUnconfirmed,
  GIVEN_UP,
  readUnconfirmed,
  type UnconfirmedPayment,
} from "../../../store/orders/unconfirmed-payments.ts";
import { inTransaction } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { mustLockOrder } from "./order-state.ts";

type Outside = Pick<SagaDependencies, "database" | "payments">;

/** @param except the key of a call that is still to be confirmed */
export async function settleUnconfirmed(
  { database, payments }: Outside,
  orderId: string,
  { by, except }: { readonly by: string; readonly except?: string },
): Promise<void> {
  for (const call of await readUnconfirmed(database, orderId)) {
    if (call.key === except) continue;
    const provider = payments.at(call);
    const state = await provider.readPayment(call.reference, "payment");
    if (state?.status === "open") {
      const stepMinor = provider.smallestChargeable(call.currency);
      await inTransaction(database, async (client) =>
        confirmAuthorization(client, await mustLockOrder(client, orderId), call, { stepMinor, by }),
      );
    } else await giveUp({ database, payments }, orderId, call, by);
  }
}

/** The order is undone: whether they were confirmed or not, nothing stays reserved. */
export async function giveUpUnconfirmed(outside: Outside, orderId: string, by: string): Promise<void> {
  for (const call of await readUnconfirmed(outside.database, orderId))
    await giveUp(outside, orderId, call, by);
}

async function giveUp(
  { database, payments }: Outside,
  orderId: string,
  call: UnconfirmedPayment,
  by: string,
): Promise<void> {
  const { key, reference } = call;
  await payments.at(call).cancel({ idempotencyKey: `${key}:give-up`, reference });
  await inTransaction(database, async (client) =>
    endUnconfirmed(client, await mustLockOrder(client, orderId), call, {
      code: GIVEN_UP,
      message: "it was given up.",
      by,
    }),
  );
}
