/** Everything that the worker bundles: one export a saga. */
export { orderFulfillment } from "./order-fulfillment.ts";
export { returnAuthorization } from "./return-authorization.ts";
