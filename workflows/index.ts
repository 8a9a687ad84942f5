/** Everything that the worker bundles: one export a saga. */

export { resendNotice } from "./notice/resend-notice.ts";
export { orderFulfillment } from "./order/order-fulfillment.ts";
export { claimReceipt } from "./refund/claim-receipt.ts";
export { refundPayment } from "./refund/refund-payment.ts";
export { returnAuthorization } from "./return/return-authorization.ts";
