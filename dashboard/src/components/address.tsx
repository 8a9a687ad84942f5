import type { OrderView } from "../../../contract/orders.ts";

type PostalAddress = NonNullable<OrderView["document"]["shippingAddress"]>;

export function AddressBlock({ address }: { readonly address: PostalAddress }) {
  const town = [address.postalCode, address.city, address.region].filter(Boolean).join(" ");
  return (
    <address class="address">
      {[address.name, address.company, address.line1, address.line2, town, address.country]
        .filter(Boolean)
        .map((line) => (
          <div key={line}>{line}</div>
        ))}
      {address.phone !== undefined && <div class="muted">{address.phone}</div>}
    </address>
  );
}
