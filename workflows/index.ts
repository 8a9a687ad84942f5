/** Everything that the worker bundles: one export a saga. */
export { orderFulfillment } from "./order/order-fulfillment.ts";
export { refundPayment } from "./refund/refund-payment.ts";
export { returnAuthorization } from "./return/return-authorization.ts";
