import type { ChangeProductBody, Product } from "../../../../contract/catalog.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { minorUnits } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";

/** What a new product is proposed as, or what a known one is now. */
type Proposal = Partial<Pick<Product, "name">> | Product;

/** The fields of a product but its SKU; `productIn` reads them. */
export function ProductFields({
  product,
  currency,
}: {
  readonly product: Proposal;
  readonly currency: string;
}) {
  const known = "sku" in product ? product : null;
  const digits = minorUnits(currency);
  const price = known === null ? "" : (known.priceMinor / 10 ** digits).toFixed(digits);
  return (
    <>
      <Field label="Name">
        <input class="input" name="name" defaultValue={product.name ?? ""} required maxLength={500} />
      </Field>
      <Field label="GTIN" hint="8, 12, 13 or 14 digits.">
        <input
          class="input"
          name="gtin"
          inputMode="numeric"
          pattern="[0-9]{8}|[0-9]{12,14}"
          defaultValue={known?.gtin}
          required
        />
      </Field>
      <div class="form-pair">
        <Field label={`Price, ${currency}`}>
          <input
            class="input"
            name="price"
            inputMode="decimal"
            pattern="[0-9]+([.,][0-9]+)?"
            defaultValue={price}
            required
          />
        </Field>
        <Field label="Weight, g">
          <input
            class="input"
            name="weight"
            type="number"
            min="1"
            max="1000000"
            defaultValue={known?.weightGrams}
            required
          />
        </Field>
      </div>
      <Field label="Length × width × height, mm" hint="As it is packed, e.g. 200 x 150 x 100.">
        <input
          class="input"
          name="size"
          pattern="\s*[0-9]{1,5}\s*[x×]\s*[0-9]{1,5}\s*[x×]\s*[0-9]{1,5}\s*"
          defaultValue={
            known === null ? "200 x 150 x 100" : `${known.lengthMm} x ${known.widthMm} x ${known.heightMm}`
          }
          required
        />
      </Field>
      <div class="form-pair">
        <Field label="HS code" hint="For customs, 6 to 10 digits.">
          <input class="input" name="hsCode" pattern="[0-9.]{6,13}" defaultValue={known?.hsCode} required />
        </Field>
        <Field label="Country of origin" hint="Two letters, e.g. DE.">
          <input
            class="input"
            name="origin"
            pattern="[A-Za-z]{2}"
            maxLength={2}
            defaultValue={known?.originCountry}
            required
          />
        </Field>
      </div>
    </>
  );
}

export function productIn(fields: FormData, currency: string): Required<ChangeProductBody> {
  const [lengthMm = 0, widthMm = 0, heightMm = 0] = textOf(fields, "size").split(/[x×]/).map(Number);
  return {
    name: textOf(fields, "name"),
    weightGrams: Number(textOf(fields, "weight")),
    lengthMm,
    widthMm,
    heightMm,
    priceMinor: parseAmount(textOf(fields, "price"), minorUnits(currency)),
    currency,
    hsCode: textOf(fields, "hsCode"),
    originCountry: textOf(fields, "origin").toUpperCase(),
    gtin: textOf(fields, "gtin").padStart(14, "0"),
  };
}
