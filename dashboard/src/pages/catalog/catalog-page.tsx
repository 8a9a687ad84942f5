import { useState } from "preact/hooks";
import type { Product, UnmappedSku } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { formatMoney } from "../../format/money.ts";
import { counted } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { ComponentsCell, ComponentsDialog } from "./components.tsx";
import { SkuDialog } from "./sku-dialog.tsx";
import { SubstitutesCell, SubstitutesDialog } from "./substitutes.tsx";
import { TaggedSwitch } from "./tagged-switch.tsx";

const REFRESH_MS = 10_000;

export function CatalogPage() {
  const gaps = useResource<Page<UnmappedSku>>("gaps", (signal) => get("/unmapped-skus", {}, signal));
  const [q, setQuery] = useState("");
  const products = useResource<Page<Product>>(`products ${q}`, (signal) =>
    get("/products", { q, limit: 50 }, signal),
  );
  const [gap, setGap] = useState<UnmappedSku | null>(null);
  const [replaced, setReplaced] = useState<Product | null>(null);
  const [kit, setKit] = useState<Product | null>(null);
  useInterval(REFRESH_MS, gaps.reload);
  return (
    <div class="page">
      <PageHead
        title="Catalog"
        documentTitle="Catalog"
        lead="Gaps stop orders; close them here and the orders go on."
      />
      <Panel title="Unknown SKUs" flush>
        <Loaded resource={gaps} skeleton={<SkeletonRows rows={3} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="check" title="No gaps">
                Every SKU that the channels have sent is in the catalog.
              </Empty>
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Channel's SKU</th>
                    <th scope="col">Channel</th>
                    <th scope="col" class="number">
                      Orders waiting
                    </th>
                    <th scope="col">
                      <span class="visually-hidden">Action</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <tr key={`${one.channel} ${one.channelSku} ${one.title}`}>
                      <td class="full">
                        <div>
                          <code>{one.channelSku || "no SKU"}</code>
                          <div class="cell-sub">{one.title}</div>
                        </div>
                      </td>
                      <td>{one.channel}</td>
                      <td class="number">{counted(one.orders, "order")}</td>
                      <td class="number full">
                        {!may("catalog.map") ? null : one.channelSku === "" ? (
                          <span class="muted">Give it a SKU at the channel</span>
                        ) : (
                          <button type="button" class="button small" onClick={() => setGap(one)}>
                            {may("catalog.write") ? "Map or create" : "Map"}
                            <span class="visually-hidden"> {one.channelSku}</span>
                          </button>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
      <div class="toolbar">
        <SearchBox label="Search products" value={q} onChange={setQuery} />
      </div>
      <Panel title="Products" flush>
        <Loaded resource={products} skeleton={<SkeletonRows rows={8} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="catalog" title={q === "" ? "No products yet" : "No product matches"} />
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Product</th>
                    <th scope="col">GTIN</th>
                    <th scope="col">RFID</th>
                    <th scope="col">Picked as</th>
                    <th scope="col">Substitutes</th>
                    <th scope="col">Customs</th>
                    <th scope="col" class="number">
                      Weight
                    </th>
                    <th scope="col" class="number">
                      Price
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((product) => (
                    <tr key={product.sku}>
                      <td class="full">
                        <div>
                          <a class="row-link" href={`/stock?q=${encodeURIComponent(product.sku)}`}>
                            {product.name}
                          </a>
                          <div class="cell-sub">
                            <code>{product.sku}</code>
                          </div>
                        </div>
                      </td>
                      <td data-label="GTIN">
                        <code>{product.gtin}</code>
                      </td>
                      <td data-label="RFID">
                        <TaggedSwitch product={product} onDone={products.reload} />
                      </td>
                      <td class="full">
                        <ComponentsCell product={product} onChange={() => setKit(product)} />
                      </td>
                      <td class="full">
                        <SubstitutesCell product={product} onChange={() => setReplaced(product)} />
                      </td>
                      <td data-label="Customs">
                        <span>
                          <code>{product.hsCode}</code> {product.originCountry}
                        </span>
                      </td>
                      <td class="number" data-label="Weight">
                        {product.weightGrams.toLocaleString()} g
                      </td>
                      <td class="number" data-label="Price">
                        {formatMoney(product.priceMinor, product.currency)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
      {replaced !== null && (
        <SubstitutesDialog
          product={replaced}
          onClose={() => setReplaced(null)}
          onDone={() => {
            setReplaced(null);
            products.reload();
          }}
        />
      )}
      {kit !== null && (
        <ComponentsDialog
          product={kit}
          onClose={() => setKit(null)}
          onDone={() => {
            setKit(null);
            products.reload();
          }}
        />
      )}
      {gap !== null && (
        <SkuDialog
          gap={gap}
          currency={products.data?.items[0]?.currency ?? "USD"}
          onClose={() => setGap(null)}
          onDone={() => {
            setGap(null);
            gaps.reload();
            products.reload();
          }}
        />
      )}
    </div>
  );
}
