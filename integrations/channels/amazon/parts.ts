/** What is known of one order, named by the response that it came in. */
export type Parts = {
  readonly AmazonOrderId: string;
  readonly order?: unknown;
  readonly items?: readonly unknown[];
  /** Whether the last page of the items has come. */
  readonly itemsComplete?: boolean;
  readonly address?: unknown;
  readonly buyerInfo?: unknown;
  readonly itemsBuyerInfo?: readonly unknown[];
  readonly regulatedInfo?: unknown;
};
