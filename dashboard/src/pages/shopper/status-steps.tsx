import type { TrackingView } from "../../../../contract/tracking.ts";
import { Icon, type IconName } from "../../components/icon.tsx";
import { calendarDay } from "../../format/time.ts";

type Status = TrackingView["status"];

type Step = { readonly reached: readonly Status[]; readonly label: string; readonly icon: IconName };

const STEPS: readonly Step[] = [
  { reached: ["received", "on_hold"], label: "Received", icon: "check" },
  { reached: ["preparing"], label: "Preparing", icon: "pack" },
  { reached: ["shipped"], label: "On its way", icon: "truck" },
  { reached: ["out_for_delivery"], label: "Arriving", icon: "clock" },
  { reached: ["delivered"], label: "Delivered", icon: "home" },
];

/**
 * Of an order that comes to nobody's door. That it waits in the store is known by its date, not its status.
 */
const STEPS_TO_THE_STORE: readonly Step[] = [
  { reached: ["received", "on_hold"], label: "Received", icon: "check" },
  { reached: ["preparing"], label: "Preparing", icon: "pack" },
  { reached: [], label: "Ready", icon: "home" },
  { reached: ["shipped", "out_for_delivery", "delivered"], label: "Collected", icon: "check" },
];
const READY = 2;

const HEADLINES: Readonly<Record<Status, string>> = {
  received: "We have your order",
  on_hold: "We are checking something",
  preparing: "We are packing your order",
  shipped: "Your order is on its way",
  out_for_delivery: "Your order arrives today",
  delivered: "Your order has arrived",
  cancelled: "Your order is cancelled",
};

/** The one sentence that a shopper looks for, and how far the order has come. */
export function StatusSteps({ order }: { readonly order: TrackingView }) {
  const steps = order.collection === null ? STEPS : STEPS_TO_THE_STORE;
  const at = isReady(order) ? READY : steps.findIndex((step) => step.reached.includes(order.status));
  return (
    <section class="shop-hero">
      <div>
        <h1>{headline(order)}</h1>
        <p>{sentence(order)}</p>
      </div>
      {order.status !== "cancelled" && (
        <ol class="shop-steps">
          {steps.map((step, index) => (
            <li
              key={step.label}
              class={index < at ? "done" : index === at ? "now" : ""}
              {...(index === at ? { "aria-current": "step" as const } : {})}
            >
              <span class="shop-step-mark">
                <Icon name={index < at ? "check" : step.icon} />
              </span>
              {step.label}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function isReady({ status, collection }: TrackingView): boolean {
  return (
    collection?.until != null && !collection.collected && (status === "preparing" || status === "received")
  );
}

function headline(order: TrackingView): string {
  const { status, collection, payment } = order;
  if (payment?.state === "confirm") return "One thing is missing: your confirmation";
  if (payment?.state === "needed")
    return payment.declined === null
      ? "One thing is missing: your payment"
      : "Your payment did not go through";
  if (collection?.collected) return "You have collected your order";
  return isReady(order) ? "Your order is ready to collect" : HEADLINES[status];
}

function sentence(order: TrackingView): string {
  if (order.payment?.state === "confirm")
    return "We keep your order for you. It goes on as soon as you have confirmed the payment.";
  if (order.payment?.state === "needed")
    return "We keep your order for you. It goes on as soon as it is paid.";
  switch (order.status) {
    case "delivered":
      return "We hope you like it.";
    case "cancelled":
      return "Nothing more will be sent. Money that was taken goes back.";
    case "on_hold":
      return "It takes a little longer; we write to you if we need anything.";
    default:
      if (order.deliverBy === null || isReady(order)) return `Ordered on ${calendarDay(order.placedAt)}`;
      return order.collection === null
        ? `Arrives by ${calendarDay(order.deliverBy)}`
        : `Ready by ${calendarDay(order.deliverBy)}; we write to you.`;
  }
}
