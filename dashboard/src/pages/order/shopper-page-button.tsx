import type { TrackingLink } from "../../../../contract/orders.ts";
import { get } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { Icon } from "../../components/icon.tsx";
import { toast } from "../../components/toast.tsx";
import { orderPath } from "./order-path.ts";

/** The address is a secret that the server gives out one by one, and writes down to whom. */
export function ShopperPageButton({ orderId }: { readonly orderId: string }) {
  async function open(): Promise<void> {
    // Opened within the click: browsers let no page open later.
    const page = window.open("about:blank", "_blank");
    try {
      const { url } = await get<TrackingLink>(`${orderPath(orderId)}/tracking-link`);
      if (page === null) return window.location.assign(url);
      page.opener = null;
      page.location.href = url;
    } catch (error) {
      page?.close();
      toast("bad", messageOf(error));
    }
  }
  return (
    <button type="button" class="button" onClick={() => void open()}>
      Shopper's page <Icon name="link" />
    </button>
  );
}
