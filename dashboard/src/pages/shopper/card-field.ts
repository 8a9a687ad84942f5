/**
 * The payment provider's own card field, and its way to ask the shopper's bank, by the calls that Stripe.js
 * has (a sandbox's simulator has the same): its script is loaded from the provider when a page needs it, and
 * the card is written into a frame of the provider's. This page gets a token.
 */

import type { PaymentConfirmation } from "../../../../contract/tracking.ts";

/** What is used of Stripe.js. */
type StripeApi = {
  elements(): {
    create(type: "card", options: Readonly<Record<string, unknown>>): CardElement;
  };
  handleNextAction(of: { readonly clientSecret: string }): Promise<BankAnswer>;
  confirmCardPayment(clientSecret: string, of: { readonly payment_method: string }): Promise<BankAnswer>;
  createPaymentMethod(of: { readonly type: "card"; readonly card: CardElement }): Promise<{
    readonly paymentMethod?: { readonly id: string };
    readonly error?: { readonly message?: string };
  }>;
};

type BankAnswer = { readonly error?: { readonly message?: string } };

type CardEvent = {
  readonly complete?: boolean;
  readonly error?: { readonly message?: string } | undefined;
};

type CardElement = {
  mount(target: HTMLElement): void;
  destroy(): void;
  on(event: "ready" | "focus" | "blur" | "change", listener: (event: CardEvent) => void): unknown;
};

export type CardField = {
  /** @throws Error with words for the shopper, where the provider takes no such card */
  token(): Promise<string>;
  destroy(): void;
};

export type CardFieldEvents = {
  readonly onReady: () => void;
  readonly onFocus: (isFocused: boolean) => void;
  /** The provider says whether the card can be sent, and what is wrong with it. */
  readonly onChange: (isComplete: boolean, problem: string | null) => void;
};

const scripts = new Map<string, Promise<(key: string) => StripeApi>>();

/**
 * The bank asks the shopper, over this page. Whether they have confirmed is not taken from here: the server
 * reads it at the provider.
 *
 * @throws Error where the provider's script cannot be loaded
 */
export async function askBank(
  form: { readonly scriptUrl: string; readonly publishableKey: string },
  { clientSecret, paymentMethod }: NonNullable<PaymentConfirmation["confirmation"]>,
): Promise<void> {
  const stripe = (await load(form.scriptUrl))(form.publishableKey);
  if (paymentMethod === null) await stripe.handleNextAction({ clientSecret });
  else await stripe.confirmCardPayment(clientSecret, { payment_method: paymentMethod });
}

/** Shows the field in `place`. @throws Error where the provider's script cannot be loaded */
export async function mountCardField(
  place: HTMLElement,
  form: { readonly scriptUrl: string; readonly publishableKey: string },
  events: CardFieldEvents,
): Promise<CardField> {
  const stripe = (await load(form.scriptUrl))(form.publishableKey);
  const card = stripe.elements().create("card", {
    hidePostalCode: true,
    style: { base: { fontSize: "16px", color: "#10201d", "::placeholder": { color: "#5d6d68" } } },
  });
  card.on("ready", events.onReady);
  card.on("focus", () => events.onFocus(true));
  card.on("blur", () => events.onFocus(false));
  card.on("change", ({ complete, error }) => events.onChange(complete === true, error?.message ?? null));
  card.mount(place);
  return {
    token: async () => {
      const { paymentMethod, error } = await stripe.createPaymentMethod({ type: "card", card });
      if (paymentMethod === undefined)
        throw new Error(error?.message ?? "The card could not be checked. Please try again.");
      return paymentMethod.id;
    },
    destroy: () => card.destroy(),
  };
}

/** Once a page; after a failure the next try loads it again. */
function load(url: string): Promise<(key: string) => StripeApi> {
  const known = scripts.get(url);
  if (known !== undefined) return known;
  const loading = new Promise<(key: string) => StripeApi>((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.async = true;
    const fail = (): void => {
      scripts.delete(url);
      script.remove();
      reject(new Error("The payment form could not be loaded. Please check your connection and try again."));
    };
    script.onload = () => {
      const { Stripe } = window as { readonly Stripe?: (key: string) => StripeApi };
      if (Stripe === undefined) fail();
      else resolve(Stripe);
    };
    script.onerror = fail;
    document.head.append(script);
  });
  scripts.set(url, loading);
  return loading;
}
