import { useState } from "preact/hooks";
import type { ProductBody, SkuMapping } from "../../../../contract/catalog.ts";
import { post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { ProductField } from "../../components/product-field.tsx";
import { toast } from "../../components/toast.tsx";
import { ProductFields, productIn } from "./product-fields.tsx";

type SkuGap = { readonly channel: string; readonly channelSku: string; readonly title: string };

/** Closes a gap in the catalog: maps the channel's SKU to a product, or creates the product first. */
export function SkuDialog({
  gap,
  currency,
  onClose,
  onDone,
}: {
  readonly gap: SkuGap;
  readonly currency: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [way, setWay] = useState("map");
  const done = (sku: string): void => {
    toast("good", `${gap.channelSku} is now ${sku}. Orders that waited for it go on.`);
    onDone();
  };
  return (
    <Dialog title={`Which product is ${gap.channelSku}?`} onClose={onClose}>
      <p class="muted">
        {gap.channel} calls it “{gap.title}”.
      </p>
      <Chips
        label="How"
        options={[
          { value: "map", label: "Map to a product" },
          ...(may("catalog.write") ? [{ value: "create", label: "Create the product" }] : []),
        ]}
        value={way}
        onChange={setWay}
      />
      {way === "map" ? (
        <MapForm gap={gap} onDone={done} />
      ) : (
        <CreateForm gap={gap} currency={currency} onDone={done} />
      )}
    </Dialog>
  );
}

type PartProps = { readonly gap: SkuGap; readonly onDone: (sku: string) => void };

function MapForm({ gap, onDone }: PartProps) {
  return (
    <Form
      submit="Map"
      onSubmit={async (fields, key) => {
        const sku = textOf(fields, "sku");
        await post("/sku-mappings", mappingOf(gap, sku), key);
        onDone(sku);
      }}
    >
      <ProductField label="Our SKU" />
    </Form>
  );
}

function CreateForm({ gap, currency, onDone }: PartProps & { readonly currency: string }) {
  return (
    <Form
      submit="Create and map"
      onSubmit={async (fields, key) => {
        const product: ProductBody = {
          sku: textOf(fields, "sku"),
          ...productIn(fields, currency),
          tagged: fields.has("tagged"),
          substitutes: [],
        };
        await post("/products", product, key);
        if (product.sku !== gap.channelSku)
          await post("/sku-mappings", mappingOf(gap, product.sku), `${key}-map`);
        onDone(product.sku);
      }}
    >
      <Field label="SKU">
        <input class="input" name="sku" defaultValue={gap.channelSku} required maxLength={64} />
      </Field>
      <ProductFields product={{ name: gap.title }} currency={currency} />
      <label class="check">
        <input type="checkbox" name="tagged" defaultChecked /> Units bear RFID tags
      </label>
    </Form>
  );
}

function mappingOf(gap: SkuGap, sku: string): SkuMapping {
  return { channel: gap.channel, channelSku: gap.channelSku, sku };
}
