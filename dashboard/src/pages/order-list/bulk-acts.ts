/** What can be done with several orders at once. Each order is asked by itself, as its own page does. */
import type { OrderSummary, OrderView } from "../../../../contract/orders.ts";
import { get, post } from "../../api/client.ts";
import { RequestError } from "../../api/problem.ts";
import { may } from "../../api/session.ts";
import { changeOrder } from "../order/change-order.ts";
import { orderPath } from "../order/order-path.ts";

export type BulkAct = {
  readonly id: "hold" | "release" | "cancel" | "tag";
  readonly label: string;
  /** The permission that it needs. */
  readonly needs: string;
  readonly title: (count: string) => string;
  readonly says: string;
  /** What is to be told with it; null: nothing. */
  readonly asks: { readonly label: string; readonly hint: string; readonly most: number } | null;
  readonly danger?: boolean;
  /** @param key the same for each attempt at one order */
  readonly run: (order: OrderSummary, told: string, key: string) => Promise<void>;
};

const ALL: readonly BulkAct[] = [
  {
    id: "release",
    label: "Release hold",
    needs: "orders.release-hold",
    title: (count) => `Release ${count}?`,
    says: "Holds that a person may clear are cleared. What waits for stock or for the catalog goes on waiting.",
    asks: null,
    run: async (order, _told, key) => {
      await post(`${orderPath(order.id)}/release-hold`, {}, key);
    },
  },
  {
    id: "hold",
    label: "Put on hold",
    needs: "orders.hold",
    title: (count) => `Put ${count} on hold?`,
    says: "Nothing of them goes on until somebody releases it. What has left the building is not stopped.",
    asks: { label: "Reason", hint: "Whoever releases them reads this.", most: 500 },
    run: async (order, reason, key) => {
      await post(`${orderPath(order.id)}/hold`, { reason }, key);
    },
  },
  {
    id: "tag",
    label: "Add a tag",
    needs: "orders.change",
    title: (count) => `Add a tag to ${count}`,
    says: "An order that has the tag already stays as it is.",
    asks: { label: "Tag", hint: "The list can be filtered by it.", most: 64 },
    run: (order, tag, key) => addTag(order.id, tag, key),
  },
  {
    id: "cancel",
    label: "Cancel",
    needs: "orders.cancel",
    title: (count) => `Cancel ${count}?`,
    says: "Stock goes back, payments that were only authorised are voided, and the customers are told. This cannot be undone.",
    asks: { label: "Reason", hint: "Kept in each order's timeline.", most: 500 },
    danger: true,
    run: async (order, reason, key) => {
      await post(`${orderPath(order.id)}/cancel`, { reason }, key);
    },
  },
];

/** Those that who is signed in may do. */
export function bulkActs(): readonly BulkAct[] {
  return ALL.filter(({ needs }) => may(needs));
}

/** Somebody else may change the order between reading and writing it: then it is read once more. */
async function addTag(orderId: string, tag: string, key: string): Promise<void> {
  for (const attempt of [1, 2]) {
    const view = await get<OrderView>(orderPath(orderId));
    const tags = view.document.tags ?? [];
    if (tags.includes(tag)) return;
    try {
      await changeOrder(view, [{ kind: "tags", tags: [...tags, tag] }], `${key}-${attempt}`);
      return;
    } catch (error) {
      const wasOvertaken = error instanceof RequestError && error.status === 409;
      if (attempt === 2 || !wasOvertaken) throw error;
    }
  }
}
