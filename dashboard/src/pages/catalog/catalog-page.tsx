import { useState } from "preact/hooks";
import type { Product, UnmappedSku } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { formatMoney } from "../../format/money.ts";
import { counted } from "../../format/words.ts";
import { useListAddress } from "../../lists/list-address.ts";
import { SavedViews } from "../../lists/saved-views.tsx";
import { companyCurrency } from "../../live/company.ts";
import { usePages } from "../../live/pages.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { shownFields, useCustomFields, valueText } from "../custom-fields/custom-fields.tsx";
import { CustomFieldsDialog } from "../custom-fields/custom-fields-dialog.tsx";
import { ComponentsCell, ComponentsDialog } from "./components.tsx";
import { AddProductDialog, EditProductDialog } from "./product-dialog.tsx";
import { SkuDialog } from "./sku-dialog.tsx";
import { SubstitutesCell, SubstitutesDialog } from "./substitutes.tsx";
import { TaggedSwitch } from "./tagged-switch.tsx";

const REFRESH_MS = 10_000;
const PAGE_SIZE = 50;

export function CatalogPage() {
  const gaps = useResource<Page<UnmappedSku>>("gaps", (signal) => get("/unmapped-skus", {}, signal));
  const {
    filter: { q },
    query,
    change,
  } = useListAddress("/catalog", ["q"]);
  const pages = usePages<Product>(
    `products ${q}`,
    (cursor, signal) => get("/products", { q, limit: PAGE_SIZE, cursor }, signal),
    ({ sku }) => sku,
  );
  const products = pages.first;
  const [gap, setGap] = useState<UnmappedSku | null>(null);
  const [replaced, setReplaced] = useState<Product | null>(null);
  const [kit, setKit] = useState<Product | null>(null);
  const [filled, setFilled] = useState<Product | null>(null);
  const fields = useCustomFields("product");
  const [edited, setEdited] = useState<Product | "new" | null>(null);
  useInterval(REFRESH_MS, gaps.reload);
  return (
    <div class="page">
      <PageHead
        title="Catalog"
        documentTitle="Catalog"
        lead="Gaps stop orders; close them here and the orders go on."
      >
        <SavedViews list="catalog" path="/catalog" query={query} />
      </PageHead>
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
        <SearchBox label="Search products" value={q} onChange={(text) => change({ q: text }, "typing")} />
        {may("catalog.write") && (
          <button type="button" class="button primary" onClick={() => setEdited("new")}>
            Add a product
          </button>
        )}
      </div>
      <Panel title="Products" flush>
        <Paged
          pages={pages}
          skeletonRows={8}
          empty={
            <Empty icon="catalog" title={q === "" ? "No products yet" : "No product matches"}>
              {q !== "" && (
                <button type="button" class="button" onClick={() => change({ q: "" })}>
                  Clear the search
                </button>
              )}
            </Empty>
          }
        >
          {(items) => (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Product</th>
                  <th scope="col">GTIN</th>
                  <th scope="col">RFID</th>
                  <th scope="col">Picked as</th>
                  <th scope="col">Substitutes</th>
                  <th scope="col" class="medium-hidden">
                    Customs
                  </th>
                  <th scope="col" class="number medium-hidden">
                    Weight
                  </th>
                  <th scope="col" class="number">
                    Price
                  </th>
                  {may("catalog.write") && (
                    <th scope="col">
                      <span class="visually-hidden">Action</span>
                    </th>
                  )}
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
                        {shownFields(fields, product.customFields).map((one) => (
                          <div key={one.field.key} class="cell-sub">
                            {one.field.label}: {valueText(one)}
                          </div>
                        ))}
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
                    <td class="medium-hidden" data-label="Customs">
                      <span>
                        <code>{product.hsCode}</code> {product.originCountry}
                      </span>
                    </td>
                    <td class="number medium-hidden" data-label="Weight">
                      {product.weightGrams.toLocaleString()} g
                    </td>
                    <td class="number" data-label="Price">
                      {formatMoney(product.priceMinor, product.currency)}
                    </td>
                    {may("catalog.write") && (
                      <td class="number full">
                        <button type="button" class="button small" onClick={() => setEdited(product)}>
                          Edit<span class="visually-hidden"> {product.sku}</span>
                        </button>
                        {fields.some(({ active }) => active) && (
                          <button type="button" class="button quiet small" onClick={() => setFilled(product)}>
                            Fields<span class="visually-hidden"> of {product.sku}</span>
                          </button>
                        )}
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Paged>
      </Panel>
      {edited === "new" && (
        <AddProductDialog
          currency={companyCurrency.value}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            products.reload();
            gaps.reload();
          }}
        />
      )}
      {edited !== null && edited !== "new" && (
        <EditProductDialog
          product={edited}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            products.reload();
          }}
        />
      )}
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
      {filled !== null && (
        <CustomFieldsDialog
          path={pathOf("products", filled.sku)}
          what={filled.name}
          fields={fields}
          values={filled.customFields}
          onClose={() => setFilled(null)}
          onDone={() => {
            setFilled(null);
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
          currency={companyCurrency.value}
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
