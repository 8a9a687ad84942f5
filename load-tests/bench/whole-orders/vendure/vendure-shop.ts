/**
 * Vendure's two public APIs as a shop and its warehouse use them at their best: an order is four requests,
 * two of the shop's (cart with customer, address and shipping; payment, which places it) and two of the
 * admin's (payment settled and goods fulfilled; shipped and delivered). Answers are asked for ids only.
 */
import type { PlannedOrder } from "../../../../integrations/simulator-kit/planned-order.ts";

/** One that was refused, by Vendure's code or its message; the order goes no further. */
export class VendureRefusal extends Error {
  override readonly name = "VendureRefusal";
  readonly code: string;

  constructor(code: string) {
    super(`Vendure refused: ${code}`);
    this.code = code;
  }
}

/** What orders name by Vendure's ids. */
export type Shop = {
  /** By SKU. */
  readonly variantIds: ReadonlyMap<string, string>;
  readonly shippingMethodId: string;
};

export type PlacedOrder = {
  readonly id: string;
  readonly lines: readonly { readonly id: string; readonly quantity: number }[];
  readonly payments: readonly { readonly id: string }[];
};

type Answer = {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string }[];
};

const REFUSED = "... on ErrorResult { errorCode }";

const FILL = `mutation Fill($lines: [AddItemInput!]!, $customer: CreateCustomerInput!, $address: CreateAddressInput!, $shipping: [ID!]!) {
  added: addItemsToOrder(inputs: $lines) { errorResults { ${REFUSED} } }
  customer: setCustomerForOrder(input: $customer) { __typename ${REFUSED} }
  address: setOrderShippingAddress(input: $address) { __typename ${REFUSED} }
  shipping: setOrderShippingMethod(shippingMethodId: $shipping) { __typename ${REFUSED} }
  moved: transitionOrderToState(state: "ArrangingPayment") { __typename ... on OrderStateTransitionError { errorCode } }
}`;

const PAY = `mutation Pay {
  paid: addPaymentToOrder(input: { method: "authorized", metadata: {} }) {
    ... on Order { id lines { id quantity } payments { id } } ${REFUSED}
  }
}`;

const FULFIL = `mutation Fulfil($payment: ID!, $lines: [OrderLineInput!]!) {
  settled: settlePayment(id: $payment) { __typename ${REFUSED} }
  fulfilled: addFulfillmentToOrder(input: { lines: $lines, handler: { code: "manual-fulfillment",
    arguments: [{ name: "method", value: "parcel" }, { name: "trackingCode", value: "1" }] } }) {
    ... on Fulfillment { id } ${REFUSED}
  }
}`;

const DELIVER = `mutation Deliver($id: ID!) {
  shipped: transitionFulfillmentToState(id: $id, state: "Shipped") { __typename ${REFUSED} }
  delivered: transitionFulfillmentToState(id: $id, state: "Delivered") { __typename ${REFUSED} }
}`;

/** One client, with a session of its own at one of the APIs. */
export class VendureClient {
  private readonly url: string;
  private token: string | null = null;

  /** @param url of one API */
  constructor(url: string) {
    this.url = url;
  }

  /** Each field of a first request would get a session of its own, and with it a cart. */
  async begin(): Promise<void> {
    if (this.token === null) await this.request("query Begin { activeOrder { id } }");
  }

  /** @throws VendureRefusal */
  async request(query: string, variables: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    this.token = response.headers.get("vendure-auth-token") ?? this.token;
    const { data, errors } = (await response.json()) as Answer;
    const [error] = errors ?? [];
    if (error !== undefined) throw new VendureRefusal(error.message);
    for (const field of Object.values(data ?? {})) {
      const code = refusalIn(field);
      if (code !== null) throw new VendureRefusal(code);
    }
    return data ?? {};
  }
}

/** A field's error code, or that of its first line that was refused. */
function refusalIn(field: unknown): string | null {
  const { errorCode, errorResults } = (field ?? {}) as {
    readonly errorCode?: string;
    readonly errorResults?: readonly { readonly errorCode: string }[];
  };
  return errorCode ?? errorResults?.[0]?.errorCode ?? null;
}

/** @throws VendureRefusal */
export async function placeOrder(
  shop: VendureClient,
  { shopper, lines }: Pick<PlannedOrder, "shopper" | "lines">,
  { variantIds, shippingMethodId }: Shop,
): Promise<PlacedOrder> {
  await shop.begin();
  await shop.request(FILL, {
    lines: lines.map(({ channelSku, quantity }) => ({
      productVariantId: variantIds.get(channelSku),
      quantity,
    })),
    customer: {
      firstName: shopper.firstName,
      lastName: shopper.lastName,
      emailAddress: shopper.email,
      phoneNumber: shopper.phone,
    },
    address: {
      fullName: `${shopper.firstName} ${shopper.lastName}`,
      streetLine1: shopper.line1,
      streetLine2: shopper.line2,
      city: shopper.city,
      province: shopper.regionName,
      postalCode: shopper.postalCode,
      countryCode: "US",
    },
    shipping: [shippingMethodId],
  });
  const { paid } = await shop.request(PAY);
  return paid as PlacedOrder;
}

/** Settles the payment, fulfils all lines, ships and delivers. @throws VendureRefusal */
export async function fulfilOrder(admin: VendureClient, { lines, payments }: PlacedOrder): Promise<void> {
  const { fulfilled } = await admin.request(FULFIL, {
    payment: payments[0]?.id,
    lines: lines.map(({ id, quantity }) => ({ orderLineId: id, quantity })),
  });
  await admin.request(DELIVER, { id: (fulfilled as { readonly id: string }).id });
}

/** @throws VendureRefusal */
export async function signIn(
  admin: VendureClient,
  { identifier, password }: { readonly identifier: string; readonly password: string },
): Promise<void> {
  await admin.request(
    `mutation SignIn($identifier: String!, $password: String!) {
      signedIn: login(username: $identifier, password: $password) { __typename ${REFUSED} }
    }`,
    { identifier, password },
  );
}

const PAGE = 100;

/** Ids of all products that are sold, by SKU, and of the way to ship. */
export async function readShop(admin: VendureClient): Promise<Shop> {
  const variantIds = new Map<string, string>();
  for (let total = 1; variantIds.size < total; ) {
    const { variants } = await admin.request(
      `query Variants($skip: Int!, $take: Int!) {
        variants: productVariants(options: { skip: $skip, take: $take }) { totalItems items { id sku } }
      }`,
      { skip: variantIds.size, take: PAGE },
    );
    const { totalItems, items } = variants as {
      readonly totalItems: number;
      readonly items: readonly { readonly id: string; readonly sku: string }[];
    };
    if (items.length === 0) break;
    for (const { id, sku } of items) variantIds.set(sku, id);
    total = totalItems;
  }
  const { methods } = await admin.request("query Methods { methods: shippingMethods { items { id } } }");
  const [method] = (methods as { readonly items: readonly { readonly id: string }[] }).items;
  if (method === undefined) throw new Error("Vendure's shop has no way to ship");
  return { variantIds, shippingMethodId: method.id };
}
