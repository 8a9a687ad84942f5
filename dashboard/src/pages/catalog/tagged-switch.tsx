import { useState } from "preact/hooks";
import type { Product, ProductTagging } from "../../../../contract/catalog.ts";
import { pathOf, post } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { may } from "../../api/session.ts";

type Tagging = Pick<ProductTagging, "tagged" | "check">;

const CHECKS: readonly (readonly [NonNullable<Tagging["check"]> | "", string])[] = [
  ["", "taken as picked"],
  ["scan", "scanned by the packer"],
  ["weigh", "weighed by the packer"],
  ["count", "counted by the packer"],
];

/**
 * Whether a product's units bear RFID tags, and how those without are verified, to be changed where it
 * stands.
 */
export function TaggedSwitch({
  product,
  onDone,
}: {
  readonly product: Product;
  readonly onDone: () => void;
}) {
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const isFixed = sending || !may("catalog.write");
  const change = async (tagging: Tagging): Promise<void> => {
    setSending(true);
    setError(null);
    try {
      await post<ProductTagging>(`${pathOf("products", product.sku)}/tagging`, tagging);
      onDone();
    } catch (caught) {
      setError(messageOf(caught));
    } finally {
      setSending(false);
    }
  };
  return (
    <div>
      <label class="check">
        <input
          type="checkbox"
          checked={product.tagged}
          disabled={isFixed}
          onChange={(event) => void change({ tagged: event.currentTarget.checked, check: product.check })}
        />{" "}
        Tagged<span class="visually-hidden">: {product.name}</span>
      </label>
      {!product.tagged && (
        <div>
          <select
            class="select"
            aria-label={`Units of ${product.name} are`}
            value={product.check ?? ""}
            disabled={isFixed}
            onChange={(event) => {
              const check = CHECKS.find(([value]) => value === event.currentTarget.value)?.[0] || null;
              void change({ tagged: false, check });
            }}
          >
            {CHECKS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </div>
      )}
      {error !== null && <div class="cell-sub">{error}</div>}
    </div>
  );
}
