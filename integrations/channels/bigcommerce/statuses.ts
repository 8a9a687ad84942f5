/** BigCommerce's order statuses, by their fixed ids; their names can be changed by the store. */
export const STATUS = {
  incomplete: "0",
  pending: "1",
  shipped: "2",
  partiallyShipped: "3",
  refunded: "4",
  cancelled: "5",
  declined: "6",
  awaitingPayment: "7",
  awaitingPickup: "8",
  awaitingShipment: "9",
  completed: "10",
  awaitingFulfillment: "11",
  verification: "12",
  disputed: "13",
  partiallyRefunded: "14",
} as const;
