/**
 * What is asked of Shopify's GraphQL Admin API, version 2026-10. Lists are short: a query may cost 1000
 * points at most, and each thing that it names costs some.
 */
export const API_VERSION = "2026-10";

export const ORDERS_A_PAGE = 10;
const LINES_A_PAGE = 25;

const MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }";
const ADDRESS = `{
  firstName lastName name company address1 address2 city province provinceCode zip country countryCodeV2 phone
}`;
const TAXES = `taxLines { title priceSet ${MONEY} rate }`;

const LINE = `
fragment Line on LineItem {
  id name title quantity currentQuantity unfulfilledQuantity sku variantTitle vendor requiresShipping isGiftCard
  originalUnitPriceSet ${MONEY}
  discountAllocations { allocatedAmountSet ${MONEY} }
  ${TAXES}
  product { id } variant { id }
  customAttributes { key value }
  duties { price ${MONEY} ${TAXES} }
  fulfillmentService { handle }
}`;

const ORDER = `
fragment WholeOrder on Order {
  id legacyResourceId name number confirmationNumber poNumber sourceIdentifier sourceName createdAt processedAt
  updatedAt cancelledAt cancelReason currencyCode presentmentCurrencyCode displayFinancialStatus
  displayFulfillmentStatus email phone note tags taxesIncluded test customerLocale discountCodes
  paymentGatewayNames checkoutToken cartToken
  customAttributes { key value }
  totalPriceSet ${MONEY} currentTotalPriceSet ${MONEY} totalDiscountsSet ${MONEY} currentTotalDiscountsSet ${MONEY}
  totalTaxSet ${MONEY} currentTotalTaxSet ${MONEY} totalShippingPriceSet ${MONEY} totalOutstandingSet ${MONEY}
  totalTipReceivedSet ${MONEY} originalTotalDutiesSet ${MONEY} currentTotalDutiesSet ${MONEY}
  originalTotalAdditionalFeesSet ${MONEY} currentTotalAdditionalFeesSet ${MONEY}
  shippingAddress ${ADDRESS} billingAddress ${ADDRESS}
  customer { id legacyResourceId firstName lastName }
  shippingLines(first: 5) {
    nodes {
      id title code isRemoved deliveryCategory originalPriceSet ${MONEY}
      discountAllocations { allocatedAmountSet ${MONEY} } ${TAXES}
    }
  }
  fulfillments(first: 1) { id }
  disputes { id initiatedAs status }
  refunds(first: 20) {
    id legacyResourceId
    transactions(first: 5) { nodes { kind status amountSet ${MONEY} } }
    refundLineItems(first: 20) { nodes { subtotalSet ${MONEY} totalTaxSet ${MONEY} } }
  }
  fulfillmentOrders(first: 3) { nodes { ...Part } pageInfo { hasNextPage endCursor } }
  lineItems(first: ${LINES_A_PAGE}) { nodes { ...Line } pageInfo { hasNextPage endCursor } }
}
fragment Part on FulfillmentOrder {
  id status requestStatus
  assignedLocation { name location { id fulfillmentService { handle } } }
  fulfillmentHolds { handle reason reasonNotes }
  lineItems(first: 10) { nodes { remainingQuantity lineItem { id } } pageInfo { hasNextPage endCursor } }
}`;

export const READ_ORDERS = `
query ReadOrders($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...WholeOrder }
    pageInfo { hasNextPage endCursor }
  }
}${ORDER}${LINE}`;

export const READ_ORDER = `
query ReadOrder($id: ID!) { order(id: $id) { ...WholeOrder } }${ORDER}${LINE}`;

export const READ_LINES = `
query ReadLines($id: ID!, $after: String) {
  order(id: $id) { lineItems(first: 100, after: $after) { nodes { ...Line } pageInfo { hasNextPage endCursor } } }
}${LINE}`;

/** Of an order that has more parts, or more lines in one, than the order's own page shows. */
export const READ_PARTS = `
query ReadParts($id: ID!) {
  order(id: $id) {
    fulfillmentOrders(first: 20) {
      nodes {
        id status requestStatus
        assignedLocation { name location { id fulfillmentService { handle } } }
        fulfillmentHolds { handle reason reasonNotes }
        lineItems(first: 50) { nodes { remainingQuantity lineItem { id } } pageInfo { hasNextPage endCursor } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

export const READ_SHOP = "query ReadShop { shop { name myshopifyDomain currencyCode } }";

export const READ_LOCATIONS = `
query ReadLocations { locations(first: 50) { nodes { id isActive shipsInventory } } }`;

export const READ_STATES = `
query ReadStates($query: String!) {
  orders(first: 50, query: $query) {
    nodes {
      id legacyResourceId cancelledAt displayFulfillmentStatus
      totalPriceSet { shopMoney { amount currencyCode } } totalRefundedSet { shopMoney { amount currencyCode } }
      lineItems(first: 100) { nodes { id sku quantity currentQuantity unfulfilledQuantity title variant { id } } }
    }
  }
}`;

/** Where an order stands at Shopify, before it is told of: what was told already is found there. */
export const READ_WHERE = `
query ReadWhere($id: ID!) {
  order(id: $id) {
    id cancelledAt currencyCode
    fulfillments(first: 50) {
      id legacyResourceId status trackingInfo(first: 5) { number }
      fulfillmentLineItems(first: 50) { nodes { quantity lineItem { id } } }
    }
    fulfillmentOrders(first: 20) {
      nodes {
        id status assignedLocation { location { id fulfillmentService { handle } } }
        fulfillmentHolds { id handle heldByRequestingApp }
        lineItems(first: 50) { nodes { id remainingQuantity lineItem { id } } }
      }
    }
    refunds(first: 50) { id legacyResourceId note }
    transactions(first: 50) { id kind status gateway amountSet { shopMoney { amount currencyCode } } parentTransaction { id } }
  }
}`;

const ERRORS = "{ field message }";

export const CREATE_FULFILLMENT = `
mutation CreateFulfillment($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id legacyResourceId } userErrors ${ERRORS} }
}`;

export const CANCEL_ORDER = `
mutation CancelOrder($orderId: ID!, $reason: OrderCancelReason!, $staffNote: String) {
  orderCancel(orderId: $orderId, reason: $reason, restock: true, notifyCustomer: false, staffNote: $staffNote) {
    job { id done } orderCancelUserErrors ${ERRORS}
  }
}`;

export const CREATE_REFUND = `
mutation CreateRefund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) { refund { id legacyResourceId } userErrors ${ERRORS} }
}`;

export const HOLD = `
mutation Hold($id: ID!, $fulfillmentHold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $fulfillmentHold) {
    fulfillmentHold { id } userErrors ${ERRORS}
  }
}`;

export const RELEASE = `
mutation Release($id: ID!, $holdIds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holdIds) { fulfillmentOrder { id } userErrors ${ERRORS} }
}`;

export const SET_STOCK = `
mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } }
}`;

export const READ_LISTINGS = `
query ReadListings($after: String, $locationId: ID!) {
  productVariants(first: 100, after: $after) {
    nodes {
      id sku barcode displayName
      inventoryItem {
        id tracked inventoryLevel(locationId: $locationId) { quantities(names: ["available"]) { name quantity } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const DOCUMENTS: Readonly<Record<string, string>> = {
  READ_ORDERS,
  READ_ORDER,
  READ_LINES,
  READ_PARTS,
  READ_SHOP,
  READ_LOCATIONS,
  READ_STATES,
  READ_WHERE,
  CREATE_FULFILLMENT,
  CANCEL_ORDER,
  CREATE_REFUND,
  HOLD,
  RELEASE,
  SET_STOCK,
  READ_LISTINGS,
};
