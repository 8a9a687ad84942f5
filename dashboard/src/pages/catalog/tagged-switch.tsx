import { useState } from "preact/hooks";
import type { Product, ProductTagging } from "../../../../contract/catalog.ts";
import { pathOf, post } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { may } from "../../api/session.ts";

/** Whether a product's units bear RFID tags, to be changed where it stands. */
export function TaggedSwitch({
  product,
  onDone,
}: {
  readonly product: Product;
  readonly onDone: () => void;
}) {
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const change = async (tagged: boolean): Promise<void> => {
    setSending(true);
    setError(null);
    try {
      await post<ProductTagging>(`${pathOf("products", product.sku)}/tagging`, { tagged });
      onDone();
    } catch (caught) {
      setError(messageOf(caught));
    } finally {
      setSending(false);
    }
  };
  return (
    <span>
      <label class="check">
        <input
          type="checkbox"
          checked={product.tagged}
          disabled={sending || !may("catalog.write")}
          onChange={(event) => void change(event.currentTarget.checked)}
        />{" "}
        Tagged<span class="visually-hidden">: {product.name}</span>
      </label>
      {error !== null && <div class="cell-sub">{error}</div>}
    </span>
  );
}
