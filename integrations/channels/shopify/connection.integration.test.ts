import { describeConnection } from "../../../test-support/vendors/connection-contract.ts";
import { shopify } from "./vendor.ts";

describeConnection(shopify, {
  manyOrders: 34,
  repeats: { release: "nothing is held, so that there is nothing to release" },
});
