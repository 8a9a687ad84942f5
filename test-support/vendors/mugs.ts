/** What the simulated shops sell in tests of words between them and us: one product, on the shelf. */
import { createProduct } from "../../operations/catalog/create-product.ts";
import type { CaptureWorld } from "../capture-world.ts";

/** @param quantity units at the location `east` */
export async function stockMugs({ context }: CaptureWorld, quantity: number): Promise<void> {
  await createProduct(
    context,
    {
      sku: "MUG",
      name: "Mug",
      weightGrams: 300,
      priceMinor: 1_299,
      currency: "USD",
      hsCode: "9405.41",
      originCountry: "VN",
      gtin: "80614141123458",
    },
    "staff:1",
  );
  await context.allocator.execute([
    {
      type: "receive",
      sku: "MUG",
      locationId: "east",
      quantity,
      atMs: Date.now(),
      cause: "test",
      commandId: "c-1",
    },
  ]);
}
