/** What the bench of whole orders has measured; null where a part was not measured. */
import type { Conditions } from "../conditions.ts";
import type { OrdersAudit } from "./audit.ts";
import type { Beside } from "./beside.ts";
import type { Capture } from "./capture.ts";
import type { CompleteOrders } from "./complete-orders.ts";
import type { NaiveSaga } from "./naive-saga/run.ts";
import type { VendurePeer } from "./vendure/run.ts";

export type OrdersEvidence = {
  readonly capture: Capture | null;
  readonly beside: Beside | null;
  readonly naiveSaga: NaiveSaga | null;
  readonly vendure: VendurePeer | null;
  readonly complete: CompleteOrders | null;
  /** Of the complete orders. */
  readonly audit: OrdersAudit | null;
};

export type OrdersResult = Conditions & OrdersEvidence;
