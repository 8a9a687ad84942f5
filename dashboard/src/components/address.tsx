import type { OrderView } from "../../../contract/orders.ts";
import { countryName, townLine } from "../format/town-line.ts";

type PostalAddress = NonNullable<OrderView["document"]["shippingAddress"]>;

export function AddressBlock({ address }: { readonly address: PostalAddress }) {
  const lines = [address.name, address.company, address.line1, address.line2, townLine(address)];
  return (
    <address class="address">
      {[...lines, countryName(address.country)].filter(Boolean).map((line) => (
        <div key={line}>{line}</div>
      ))}
      {address.phone !== undefined && <div class="muted">{address.phone}</div>}
    </address>
  );
}
