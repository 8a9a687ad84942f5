import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Product } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { Icon } from "../../components/icon.tsx";
import { formatMoney } from "../../format/money.ts";

const PAUSE_MS = 150;
const SHOWN = 8;

type Found = { readonly of: string; readonly items: readonly Product[]; readonly error: string | null };

const NOTHING: Found = { of: "", items: [], error: null };

/**
 * Finds a product by a part of its SKU or name, or by a scanned code, and puts it on the order. All of it by
 * keyboard: arrows choose, Enter takes, and the field is ready for the next one.
 */
export function ProductSearch({ onPick }: { readonly onPick: (product: Product) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found>(NOTHING);
  const [at, setAt] = useState(0);
  const listId = useId();
  const q = text.trim();

  useEffect(() => input.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    if (q === "") return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      look(q, abort.signal).then(setFound, () => undefined); // It was left for a newer text.
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [q]);

  const isShown = q !== "" && found.of !== "";
  const items = isShown ? found.items : [];
  const chosen = Math.min(at, items.length - 1);
  const take = (product: Product | undefined): void => {
    if (product === undefined) return;
    onPick(product);
    setText("");
    setFound(NOTHING);
    setAt(0);
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && items.length > 0) {
      event.preventDefault();
      setAt((chosen + step + items.length) % items.length);
    }
    if (event.key === "Escape") {
      setText("");
      setFound(NOTHING);
    }
    if (event.key !== "Enter") return;
    // It never sends the form that it is in.
    event.preventDefault();
    // From the field itself: a scanner types faster than letters are drawn, or answers come.
    const typed = input.current?.value.trim() ?? "";
    if (typed === "") return;
    if (found.of === typed) take(exactOf(items, typed) ?? items[chosen]);
    else
      void look(typed, new AbortController().signal).then(
        (now) => {
          const only = now.items.length === 1 ? now.items[0] : undefined;
          const hit = exactOf(now.items, typed) ?? only;
          if (hit === undefined) setFound(now);
          else take(hit);
        },
        (error: unknown) => setFound({ of: typed, items: [], error: messageOf(error) }),
      );
  };
  return (
    <div class="product-search">
      <div class="search-box">
        <Icon name="scan" />
        <input
          ref={input}
          class="input"
          role="combobox"
          aria-label="Find a product: SKU, name or scanned code"
          placeholder="SKU, name or scanned code"
          aria-expanded={items.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          {...(items.length > 0 ? { "aria-activedescendant": `${listId}-${chosen}` } : {})}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={100}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="palette-list" id={listId} role="listbox" aria-label="Products" hidden={items.length === 0}>
        {items.map((product, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys, as a combobox does.
          <div
            key={product.sku}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            class="palette-choice"
            onClick={() => take(product)}
          >
            <Icon name="catalog" />
            <span class="palette-title">{product.name}</span>
            <span class="muted small">
              {product.sku} · {formatMoney(product.priceMinor, product.currency)}
            </span>
          </div>
        ))}
      </div>
      <p class="field-hint" role="status">
        {found.error ??
          (isShown && found.of === q && items.length === 0
            ? `Nothing in the catalog has "${q}".`
            : "Arrows choose, Enter puts it on the order. The same code again is one more.")}
      </p>
    </div>
  );
}

async function look(q: string, signal: AbortSignal): Promise<Found> {
  const { items } = await get<Page<Product>>("/products", { q, limit: SHOWN }, signal);
  return { of: q, items, error: null };
}

/** What a scanner reads is the whole of a SKU or of a GTIN. */
function exactOf(items: readonly Product[], typed: string): Product | undefined {
  const code = /^\d{8,14}$/.test(typed) ? typed.padStart(14, "0") : null;
  return items.find(
    ({ sku, gtin }) => sku.toLowerCase() === typed.toLowerCase() || (code !== null && gtin === code),
  );
}
