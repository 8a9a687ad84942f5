/**
 * The part of Shopify's GraphQL schema that the simulator serves: types and fields as the vendor has them,
 * which a test holds against the vendor's own description.
 */
export const SIMULATED_SCHEMA = `
directive @idempotent(key: String!) on FIELD
scalar DateTime
scalar Decimal
scalar Money
scalar UnsignedInt64
scalar URL
enum CurrencyCode { USD }
enum CountryCode { US }
enum OrderSortKeys { ID PROCESSED_AT UPDATED_AT }
enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }
enum OrderDisplayFinancialStatus { AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
enum OrderDisplayFulfillmentStatus { FULFILLED IN_PROGRESS ON_HOLD PARTIALLY_FULFILLED UNFULFILLED }
enum OrderTransactionKind { AUTHORIZATION CAPTURE REFUND SALE VOID }
enum OrderTransactionStatus { ERROR FAILURE PENDING SUCCESS }
enum DisputeStatus { ACCEPTED CHARGE_REFUNDED LOST NEEDS_RESPONSE PREVENTED UNDER_REVIEW WON }
enum DisputeType { CHARGEBACK INQUIRY }
enum FulfillmentStatus { CANCELLED ERROR FAILURE OPEN PENDING SUCCESS }
enum FulfillmentOrderStatus { CANCELLED CLOSED INCOMPLETE IN_PROGRESS ON_HOLD OPEN SCHEDULED }
enum FulfillmentHoldReason {
  AWAITING_PAYMENT AWAITING_RETURN_ITEMS HIGH_RISK_OF_FRAUD INCORRECT_ADDRESS INVENTORY_OUT_OF_STOCK OTHER
  UNKNOWN_DELIVERY_DATE
}
enum RefundLineItemRestockType { CANCEL LEGACY_RESTOCK NO_RESTOCK RETURN }
enum InventorySetQuantitiesUserErrorCode {
  CHANGE_FROM_QUANTITY_STALE INVALID_INVENTORY_ITEM INVALID_LOCATION INVALID_NAME INVALID_QUANTITY_NEGATIVE
}
type PageInfo { endCursor: String hasNextPage: Boolean! }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type MoneyBag { presentmentMoney: MoneyV2! shopMoney: MoneyV2! }
type Attribute { key: String! value: String }
type UserError { field: [String!] message: String! }
type OrderCancelUserError { field: [String!] message: String! }
type FulfillmentOrderHoldUserError { field: [String!] message: String! }
type FulfillmentOrderReleaseHoldUserError { field: [String!] message: String! }
type InventorySetQuantitiesUserError { code: InventorySetQuantitiesUserErrorCode field: [String!] message: String! }
type TaxLine { priceSet: MoneyBag! rate: Float title: String! }
type DiscountAllocation { allocatedAmountSet: MoneyBag! }
type Duty { id: ID! price: MoneyBag! taxLines: [TaxLine!]! }
type Product { id: ID! }
type FulfillmentService { handle: String! id: ID! serviceName: String! }
type MailingAddress {
  address1: String address2: String city: String company: String country: String countryCodeV2: CountryCode
  firstName: String id: ID! lastName: String name: String phone: String province: String provinceCode: String
  zip: String
}
type Customer { firstName: String id: ID! lastName: String legacyResourceId: UnsignedInt64! }
type ShippingLine {
  code: String deliveryCategory: String discountAllocations: [DiscountAllocation!]! id: ID isRemoved: Boolean!
  originalPriceSet: MoneyBag! taxLines: [TaxLine!]! title: String!
}
type ShippingLineConnection { nodes: [ShippingLine!]! pageInfo: PageInfo! }
type LineItem {
  currentQuantity: Int! customAttributes: [Attribute!]! discountAllocations: [DiscountAllocation!]! duties: [Duty!]!
  fulfillmentService: FulfillmentService id: ID! isGiftCard: Boolean! name: String! originalUnitPriceSet: MoneyBag!
  product: Product quantity: Int! requiresShipping: Boolean! sku: String taxLines(first: Int): [TaxLine!]!
  title: String! unfulfilledQuantity: Int! variant: ProductVariant variantTitle: String vendor: String
}
type LineItemConnection { nodes: [LineItem!]! pageInfo: PageInfo! }
type OrderTransaction {
  amountSet: MoneyBag! gateway: String id: ID! kind: OrderTransactionKind! parentTransaction: OrderTransaction
  status: OrderTransactionStatus!
}
type OrderTransactionConnection { nodes: [OrderTransaction!]! pageInfo: PageInfo! }
type RefundLineItem { id: ID lineItem: LineItem! quantity: Int! subtotalSet: MoneyBag! totalTaxSet: MoneyBag! }
type RefundLineItemConnection { nodes: [RefundLineItem!]! pageInfo: PageInfo! }
type Refund {
  id: ID! legacyResourceId: UnsignedInt64! note: String
  refundLineItems(after: String, first: Int): RefundLineItemConnection!
  transactions(after: String, first: Int): OrderTransactionConnection!
}
type FulfillmentTrackingInfo { company: String number: String url: URL }
type FulfillmentLineItem { id: ID! lineItem: LineItem! quantity: Int }
type FulfillmentLineItemConnection { nodes: [FulfillmentLineItem!]! pageInfo: PageInfo! }
type Fulfillment {
  fulfillmentLineItems(after: String, first: Int): FulfillmentLineItemConnection! id: ID!
  legacyResourceId: UnsignedInt64! status: FulfillmentStatus! trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
}
type FulfillmentHold {
  handle: String heldByRequestingApp: Boolean! id: ID! reason: FulfillmentHoldReason! reasonNotes: String
}
enum FulfillmentOrderRequestStatus { ACCEPTED CLOSED REJECTED SUBMITTED UNSUBMITTED }
type FulfillmentOrderAssignedLocation { location: Location name: String! }
type FulfillmentOrderLineItem { id: ID! lineItem: LineItem! remainingQuantity: Int! totalQuantity: Int! }
type FulfillmentOrderLineItemConnection { nodes: [FulfillmentOrderLineItem!]! pageInfo: PageInfo! }
type FulfillmentOrder {
  assignedLocation: FulfillmentOrderAssignedLocation! fulfillmentHolds: [FulfillmentHold!]! id: ID!
  lineItems(after: String, first: Int): FulfillmentOrderLineItemConnection!
  requestStatus: FulfillmentOrderRequestStatus! status: FulfillmentOrderStatus!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }
type OrderDisputeSummary { id: ID! initiatedAs: DisputeType! status: DisputeStatus! }
type Order {
  billingAddress: MailingAddress cancelReason: OrderCancelReason cancelledAt: DateTime cartToken: String
  checkoutToken: String confirmationNumber: String createdAt: DateTime! currencyCode: CurrencyCode!
  currentTotalAdditionalFeesSet: MoneyBag currentTotalDiscountsSet: MoneyBag! currentTotalDutiesSet: MoneyBag
  currentTotalPriceSet: MoneyBag! currentTotalTaxSet: MoneyBag! customAttributes: [Attribute!]! customer: Customer
  customerLocale: String discountCodes: [String!]! displayFinancialStatus: OrderDisplayFinancialStatus
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus! disputes: [OrderDisputeSummary!]! email: String
  fulfillmentOrders(after: String, first: Int): FulfillmentOrderConnection! fulfillments(first: Int): [Fulfillment!]!
  id: ID! legacyResourceId: UnsignedInt64! lineItems(after: String, first: Int): LineItemConnection! name: String!
  note: String number: Int! originalTotalAdditionalFeesSet: MoneyBag originalTotalDutiesSet: MoneyBag
  paymentGatewayNames: [String!]! phone: String poNumber: String presentmentCurrencyCode: CurrencyCode!
  processedAt: DateTime! refunds(first: Int): [Refund!]! shippingAddress: MailingAddress
  shippingLines(after: String, first: Int): ShippingLineConnection! sourceIdentifier: String sourceName: String
  tags: [String!]! taxesIncluded: Boolean! test: Boolean! totalDiscountsSet: MoneyBag totalOutstandingSet: MoneyBag!
  totalPriceSet: MoneyBag! totalRefundedSet: MoneyBag! totalShippingPriceSet: MoneyBag! totalTaxSet: MoneyBag
  totalTipReceivedSet: MoneyBag! transactions(first: Int): [OrderTransaction!]! updatedAt: DateTime!
}
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
type Location {
  fulfillmentService: FulfillmentService id: ID! isActive: Boolean! name: String! shipsInventory: Boolean!
}
type LocationConnection { nodes: [Location!]! pageInfo: PageInfo! }
type InventoryQuantity { id: ID! name: String! quantity: Int! }
type InventoryLevel { id: ID! quantities(names: [String!]!): [InventoryQuantity!]! }
type InventoryItem { id: ID! inventoryLevel(locationId: ID!): InventoryLevel sku: String tracked: Boolean! }
type ProductVariant { barcode: String displayName: String! id: ID! inventoryItem: InventoryItem! sku: String }
type ProductVariantConnection { nodes: [ProductVariant!]! pageInfo: PageInfo! }
type Shop { currencyCode: CurrencyCode! id: ID! myshopifyDomain: String! name: String! }
type Job { done: Boolean! id: ID! }
type FulfillmentCreatePayload { fulfillment: Fulfillment userErrors: [UserError!]! }
type FulfillmentOrderHoldPayload { fulfillmentHold: FulfillmentHold userErrors: [FulfillmentOrderHoldUserError!]! }
type FulfillmentOrderReleaseHoldPayload {
  fulfillmentOrder: FulfillmentOrder userErrors: [FulfillmentOrderReleaseHoldUserError!]!
}
type FulfillmentOrderMoveFulfillmentOrderMoveUserError { field: [String!] message: String! }
type FulfillmentOrderMovePayload {
  movedFulfillmentOrder: FulfillmentOrder originalFulfillmentOrder: FulfillmentOrder
  remainingFulfillmentOrder: FulfillmentOrder userErrors: [FulfillmentOrderMoveFulfillmentOrderMoveUserError!]!
}
type OrderCancelPayload { job: Job orderCancelUserErrors: [OrderCancelUserError!]! }
type RefundCreatePayload { refund: Refund userErrors: [UserError!]! }
type InventorySetQuantitiesPayload { userErrors: [InventorySetQuantitiesUserError!]! }
input FulfillmentTrackingInput { company: String number: String url: URL }
input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
input FulfillmentOrderLineItemsInput {
  fulfillmentOrderId: ID! fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!]
}
input FulfillmentInput {
  lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]! notifyCustomer: Boolean = false
  trackingInfo: FulfillmentTrackingInput
}
input FulfillmentOrderHoldInput {
  handle: String = "" notifyMerchant: Boolean = false reason: FulfillmentHoldReason! reasonNotes: String
}
input RefundLineItemInput { lineItemId: ID! quantity: Int! restockType: RefundLineItemRestockType }
input OrderTransactionInput {
  amount: Money! gateway: String! kind: OrderTransactionKind! orderId: ID! parentId: ID
}
input RefundInput {
  note: String notify: Boolean orderId: ID! refundLineItems: [RefundLineItemInput!] transactions: [OrderTransactionInput!]
}
input InventoryQuantityInput { changeFromQuantity: Int inventoryItemId: ID! locationId: ID! quantity: Int! }
input InventorySetQuantitiesInput {
  name: String! quantities: [InventoryQuantityInput!]! reason: String! referenceDocumentUri: String
}
type QueryRoot {
  locations(after: String, first: Int): LocationConnection!
  order(id: ID!): Order
  orders(after: String, first: Int, query: String, sortKey: OrderSortKeys = PROCESSED_AT): OrderConnection!
  productVariants(after: String, first: Int): ProductVariantConnection!
  shop: Shop!
}
type Mutation {
  fulfillmentCreate(fulfillment: FulfillmentInput!): FulfillmentCreatePayload
  fulfillmentOrderHold(fulfillmentHold: FulfillmentOrderHoldInput!, id: ID!): FulfillmentOrderHoldPayload
  fulfillmentOrderMove(
    fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!], id: ID!, newLocationId: ID!
  ): FulfillmentOrderMovePayload
  fulfillmentOrderReleaseHold(holdIds: [ID!], id: ID!): FulfillmentOrderReleaseHoldPayload
  inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
  orderCancel(
    notifyCustomer: Boolean = false, orderId: ID!, reason: OrderCancelReason!, restock: Boolean!, staffNote: String = null
  ): OrderCancelPayload
  refundCreate(input: RefundInput!): RefundCreatePayload
}
schema { query: QueryRoot mutation: Mutation }
`;
