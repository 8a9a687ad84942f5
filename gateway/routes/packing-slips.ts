/** Packing slips of many fulfillment orders as one document: what a packer prints before a round. */
import { PACKING_SLIPS_MOST } from "../../config/limits.ts";
import { PackingSlipsBody } from "../../contract/fulfillment.ts";
import { callerIn } from "../../operations/context.ts";
import { printPackingSlips } from "../../operations/floor/print-packing-slip.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { findToPrint } from "../../store/floor/packing-slip.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { boundsOf } from "../access/within.ts";
import { callerOf, found, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

export const packingSlipRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/packing-slips",
    summary: `What to pick and what goes into each parcel, as one document: of at most ${PACKING_SLIPS_MOST} fulfillment orders`,
    // They bear addresses.
    access: { kind: "one-of", permissions: ["fulfillment.pack", "shipments.label", "personal-data.read"] },
    body: PackingSlipsBody,
    handle: async (call) => {
      const { services, body } = call;
      const { database, documents, operations } = services;
      const principal = callerOf(call);
      const { fulfillmentOrders = [], orders = [] } = body;
      if ((fulfillmentOrders.length === 0) === (orders.length === 0))
        throw new ApiError("invalid_request", "Name fulfillmentOrders or orders.");
      const bounds = boundsOf(principal);
      const ids = await findToPrint(database, {
        fulfillmentOrders,
        orders,
        locations: bounds.locations,
        channels: principal.channelId === null ? bounds.channels : [principal.channelId],
      });
      const unknown = fulfillmentOrders.find((id) => !ids.includes(id));
      if (unknown !== undefined) throw new ApiError("not_found", `There is no fulfillment order ${unknown}.`);
      if (ids.length === 0) throw new ApiError("not_found", "These orders have nothing to be packed.");
      if (ids.length > PACKING_SLIPS_MOST)
        throw new ApiError(
          "invalid_request",
          `These are ${ids.length} packing slips; ${PACKING_SLIPS_MOST} are printed at a time.`,
        );
      const bytes = found(await printPackingSlips(database, documents, ids), "fulfillment order");
      if (principal.staff !== null)
        await inTransaction(database, async (client) => {
          for (const id of ids)
            await recordAudit(client, callerIn(operations, principal.by), {
              act: "personal-data.read",
              subject: `fulfillment-order:${id}`,
            });
        });
      return { contentType: "application/pdf", bytes, file: { name: "packing-slips.pdf", shown: true } };
    },
  }),
];
