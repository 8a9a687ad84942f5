/** The goods of a parcel that came back go into the stock: sellable, or set apart as damaged. */

import type { StockCommand } from "../../../actors/commands.ts";
import { unitsText } from "../../../orders/units-text.ts";
import { readLineComponents } from "../../../store/floor/fulfillment.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { readClaim } from "../../../store/refunds/claims.ts";
import { returnLocation } from "../../../store/returns/returns.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";

export function createClaimActivities({ database, allocator, now }: SagaDependencies) {
  return {
    async restockClaim({
      orderId,
      claimId,
    }: {
      readonly orderId: string;
      readonly claimId: string;
    }): Promise<void> {
      const claim = await readClaim(database, claimId);
      const locationId = await returnLocation(database, orderId);
      if (claim === undefined || locationId === undefined)
        throw new StepImpossible("claim_not_found", `Nothing is known of where ${claimId} goes.`);
      const components = await readLineComponents(database, orderId);
      const commands = claim.lines.flatMap((line) =>
        // What was sent as a kit comes back as its components.
        (components.get(line.lineId) ?? [{ sku: line.sku, perUnit: 1 }]).flatMap(({ sku, perUnit }) =>
          (["restocked", "damaged"] as const).flatMap((disposition): readonly StockCommand[] =>
            line[disposition] === 0
              ? []
              : [
                  {
                    type: "return-receive",
                    commandId: `${claimId}:${line.lineId}:${sku}:${disposition}`,
                    sku,
                    locationId,
                    quantity: line[disposition] * perUnit,
                    disposition,
                    atMs: now(),
                    cause: `claim ${claimId}`,
                  },
                ],
          ),
        ),
      );
      const outcomes = await allocator.execute(commands);
      const refusal = outcomes.find((outcome) => outcome.status === "refused");
      if (refusal?.status === "refused")
        throw new StepImpossible("stock_not_returned", `${refusal.code}: ${refusal.detail}`);
      const units = claim.lines.reduce((sum, line) => sum + line.restocked + line.damaged, 0);
      await recordEntry(database, {
        orderId,
        key: `claim-restocked:${claimId}`,
        type: "claim.restocked",
        summary: `${unitsText(units)} of the parcel of claim ${claimId} taken in at ${locationId}.`,
        cause: "saga:restock-claim",
        data: { claimId, locationId },
      });
    },
  };
}
