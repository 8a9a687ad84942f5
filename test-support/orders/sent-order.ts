/**
 * An order in the canonical format as an integrator sends it, and a request to the gateway, for tests of the
 * edge.
 */
import type { TestEdge } from "../edge.ts";

/** Of the customer in Columbus, who is nearest to one of the sandbox's fulfillment centers. */
const ADDRESS = {
  name: "Ada Example",
  line1: "1200 Market Street",
  city: "Columbus",
  region: "OH",
  postalCode: "43215",
  country: "US",
};

/** In US dollars. Lines, and whatever else is different, are in `more`. */
export function sentOrder(id: string, more: Readonly<Record<string, unknown>>) {
  return {
    id,
    currency: "USD",
    customer: { name: "Ada Example", email: "ada@example.com" },
    shippingAddress: ADDRESS,
    ...more,
  };
}

/**
 * @param options.key API key; absent: a shopper, who has none. `repeat`: the idempotency key, where it
 * matters
 */
export async function send(
  edge: Pick<TestEdge, "url">,
  method: string,
  path: string,
  body: unknown,
  options: { readonly key?: string | undefined; readonly repeat?: string | undefined } = {},
) {
  const { key, repeat = crypto.randomUUID() } = options;
  const response = await fetch(`${edge.url}${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
      "idempotency-key": repeat,
    },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of many shapes
  return { status: response.status, json: (await response.json()) as any };
}

/** @returns the order's id */
export async function postOrder(edge: Pick<TestEdge, "url" | "credentials">, order: object): Promise<string> {
  const key = edge.credentials.channelKeys["web"];
  const { status, json } = await send(edge, "POST", "/v1/orders", order, { key });
  if (status !== 201) throw new Error(`the order was refused: ${JSON.stringify(json)}`);
  return json.order;
}
